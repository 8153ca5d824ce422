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
        using UnionDirectory before = UnionDirectory.OpenRoot(reference.Directories), after = UnionDirectory.OpenRoot(difference.Directories);
        if (CompareRoots() is LayerChange root)
        {
            yield return root;
        }
        foreach (LayerChange change in Walk(before, after, []))
        {
            yield return change;
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

    private IEnumerable<LayerChange> Walk(UnionDirectory? before, UnionDirectory? after, byte[] prefix)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (NativePath name in Names(before, after))
        {
            byte[] path = [.. prefix, (byte)'/', .. name.Bytes];
            string text = PathText.Of(path);
            if (!IsOnTheWay(text))
            {
                continue;
            }
            UnionEntry? old = before?.Find(name), now = after?.Find(name);
            if (IsWanted(text) && _describer.Describe(path, old, now, LayerChangeAttributes.None) is LayerChange change)
            {
                yield return change;
            }
            if (now is not { IsDirectory: true } || path.Length > LayerPath.LongestPath)
            {
                continue; // a directory that is gone stands for its content
            }
            using UnionDirectory? inside = after!.Open(name), wasInside = old is { IsDirectory: true } ? before!.Open(name) : null;
            if (inside is not null && (options.IncludeEqual || !IsSame(wasInside, inside)))
            {
                foreach (LayerChange deeper in Walk(wasInside, inside, path))
                {
                    yield return deeper;
                }
            }
        }
    }

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
}
