using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Walks two unions side by side. In each directory only the names are looked up that one of the layers has which the
/// two do not share at the bottom; an opaque directory ends the sharing there, and all names of both are looked up.
/// </summary>
internal sealed class StackDiff(LayerStack reference, LayerStack difference, LayerCompareOptions options, CancellationToken cancellationToken)
{
    private readonly string? _beneath = options.Beneath is null ? null : "/" + options.Beneath.Trim('/');
    private readonly ChangeDescriber _describer = new(options, difference.ContainerName, cancellationToken);

    public IEnumerable<LayerChange> Run()
    {
        using DirectoryWalk<Level, NativePath> levels = new();
        levels.Enter(UnionDirectory.OpenRoot(difference.Directories), after => Begin(UnionDirectory.OpenRoot(reference.Directories), after, []));
        if (CompareRoots() is LayerChange root)
        {
            yield return root;
        }
        while (levels.TryNext(out Level? level, out NativePath name))
        {
            byte[] path = [.. level.Path, (byte)'/', .. name.Bytes];
            string text = PathText.Of(path);
            if (!IsOnTheWay(text))
            {
                continue;
            }
            UnionEntry? old = level.Before?.Find(name), now = level.After.Find(name);
            if (IsWanted(text) && _describer.Describe(path, old, now, LayerChangeAttributes.None) is LayerChange change)
            {
                yield return change;
            }
            // A directory that is gone stands for its content.
            if (now is { IsDirectory: true } && path.Length <= LayerPath.LongestPath && levels.Count <= LayerPath.MostDepth && level.After.Open(name) is UnionDirectory inside)
            {
                levels.Enter(inside, after => Begin(old is { IsDirectory: true } ? level.Before!.Open(name) : null, after, path));
            }
        }
    }

    private Level Begin(UnionDirectory? before, UnionDirectory after, byte[] path)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new Level(before, after, path, Names(before, after));
        }
        catch
        {
            before?.Dispose();
            throw;
        }
    }

    // A root's time says when it was unpacked, where its layer does not describe it: it is no difference.
    private LayerChange? CompareRoots()
    {
        if (!IsWanted("/"))
        {
            return null;
        }
        using SafeFileHandle before = Libc.OpenDirectory(reference.Root), after = Libc.OpenDirectory(difference.Root);
        return _describer.Describe("/"u8, Entry(before, reference.Root), Entry(after, difference.Root), LayerChangeAttributes.Time);
    }

    private static UnionEntry Entry(SafeFileHandle root, string path) => new(Libc.Stat(root), root, NativePath.From("."u8), path);

    // None of a directory that both have in the same layers only.
    private List<NativePath> Names(UnionDirectory? before, UnionDirectory? after)
    {
        int shared = options.IncludeEqual ? 0 : UnionDirectory.CountShared(before, after);
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<NativePath> names = [.. (before?.Names(shared) ?? []).Concat(after?.Names(shared) ?? []).Where(name => seen.Add(Key(name)))];
        names.Sort(static (a, b) => a.Bytes.SequenceCompareTo(b.Bytes));
        return names;
    }

    private bool IsWanted(string path) => _beneath is null or "/" || path == _beneath || path.StartsWith(_beneath + "/", StringComparison.Ordinal);

    private bool IsOnTheWay(string path) => IsWanted(path) || _beneath!.StartsWith(path + "/", StringComparison.Ordinal);

    // One character for each byte, so that nothing is lost.
    private static string Key(NativePath name) => System.Text.Encoding.Latin1.GetString(name.Bytes);

    /// <summary>A directory that the walk is in.</summary>
    /// <param name="before">It in the reference, null where that has none.</param>
    /// <param name="after">It in the other.</param>
    /// <param name="path">Its path; the root's is empty.</param>
    /// <param name="names">What to look at in it.</param>
    private sealed class Level(UnionDirectory? before, UnionDirectory after, byte[] path, List<NativePath> names) : OpenLevel<NativePath>(names, before, after)
    {
        public UnionDirectory? Before => before;

        public UnionDirectory After => after;

        public byte[] Path => path;
    }
}
