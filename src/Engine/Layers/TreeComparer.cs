using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Walks two unions side by side. In each directory only the names are looked up that one of the layers has which the
/// two do not share at the bottom; an opaque directory ends the sharing there, and all names of both are looked up.
/// </summary>
internal sealed class TreeComparer(LayerTree reference, LayerTree difference, LayerCompareOptions options, CancellationToken cancellationToken)
{
    private readonly string? _beneath = options.Beneath is null ? null : "/" + options.Beneath.Trim('/');
    private readonly ChangeDescriber _describer = new(options, difference.ContainerName, cancellationToken);

    public IEnumerable<LayerChange> Run()
    {
        // Not by recursion: a container can nest directories deeper than any stack.
        Stack<Level> levels = [];
        try
        {
            levels.Push(OpenRoots());
            if (CompareRoots() is LayerChange root)
            {
                yield return root;
            }
            while (levels.TryPeek(out Level? level))
            {
                if (level.Next == level.Names.Count)
                {
                    levels.Pop().Dispose();
                    continue;
                }
                NativePath name = level.Names[level.Next++];
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
                if (now is { IsDirectory: true } && path.Length <= LayerPath.LongestPath && levels.Count <= LayerPath.MostDepth && Open(level, name, path, hasBefore: old is { IsDirectory: true }) is Level inside)
                {
                    levels.Push(inside);
                }
            }
        }
        finally
        {
            foreach (Level level in levels)
            {
                level.Dispose();
            }
        }
    }

    private Level OpenRoots()
    {
        UnionDirectory before = UnionDirectory.OpenRoot(reference.Directories);
        try
        {
            return Begin(before, UnionDirectory.OpenRoot(difference.Directories), []);
        }
        catch
        {
            before.Dispose();
            throw;
        }
    }

    // Null where there is nothing to look at in it.
    private Level? Open(Level level, NativePath name, byte[] path, bool hasBefore)
    {
        cancellationToken.ThrowIfCancellationRequested();
        UnionDirectory? inside = level.After.Open(name), wasInside = null;
        try
        {
            wasInside = hasBefore ? level.Before!.Open(name) : null;
            if (inside is not null && (options.IncludeEqual || !IsSame(wasInside, inside)))
            {
                Level opened = Begin(wasInside, inside, path);
                inside = wasInside = null;
                return opened;
            }
            return null;
        }
        finally
        {
            inside?.Dispose();
            wasInside?.Dispose();
        }
    }

    private Level Begin(UnionDirectory? before, UnionDirectory after, byte[] path) => new(before, after, path, Names(before, after));

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

    private static bool IsSame(UnionDirectory? before, UnionDirectory after) =>
        before is not null && before.Count == after.Count && UnionDirectory.CountShared(before, after) == after.Count;

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
    /// <param name="Before">It in the reference, null where that has none.</param>
    /// <param name="After">It in the other.</param>
    /// <param name="Path">Its path; the root's is empty.</param>
    /// <param name="Names">What to look at in it.</param>
    private sealed record Level(UnionDirectory? Before, UnionDirectory After, byte[] Path, List<NativePath> Names) : IDisposable
    {
        public int Next { get; set; }

        public void Dispose()
        {
            Before?.Dispose();
            After.Dispose();
        }
    }
}
