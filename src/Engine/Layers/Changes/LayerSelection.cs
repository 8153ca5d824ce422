using System.Text;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Which changes of an upper directory become a layer: chosen paths, each with its parents as directories, and chosen
/// deletions, each as a whiteout. No directory is opaque then: what such a one hides is a deletion for each name, and
/// only the chosen ones count.
/// </summary>
internal sealed class LayerSelection
{
    private readonly HashSet<string> _included = [];
    private readonly Dictionary<string, SortedDictionary<string, NativePath>> _deleted = [];

    private LayerSelection()
    {
    }

    /// <summary>These changes and no other.</summary>
    public static LayerSelection Of(IEnumerable<LayerChange> changes)
    {
        LayerSelection selection = new();
        foreach (LayerChange change in changes)
        {
            selection.Add(change);
        }
        return selection;
    }

    /// <summary>Whether an entry is part of the layer.</summary>
    /// <param name="path">Relative; a directory may end in '/'.</param>
    public bool Includes(NativePath path) => _included.Contains(Key(path.Bytes));

    /// <summary>The chosen deletions in a directory, sorted by their bytes.</summary>
    /// <param name="directory">Relative, empty for the root; it may end in '/'.</param>
    public IEnumerable<NativePath> DeletedIn(ReadOnlySpan<byte> directory) => _deleted.TryGetValue(Key(directory), out SortedDictionary<string, NativePath>? names) ? names.Values : [];

    private void Add(LayerChange change)
    {
        byte[] path = change.RawPath ?? Encoding.UTF8.GetBytes(change.Path);
        string key = Key(path.AsSpan(1));
        int slash = key.LastIndexOf('/');
        string parent = slash < 0 ? "" : key[..slash];
        if (change.Kind == LayerChangeKind.Deleted)
        {
            if (!_deleted.TryGetValue(parent, out SortedDictionary<string, NativePath>? names))
            {
                _deleted[parent] = names = new(StringComparer.Ordinal);
            }
            names[key[(slash + 1)..]] = NativePath.From(path.AsSpan(slash + 2));
        }
        else
        {
            _included.Add(key);
        }
        for (; parent.Length > 0 && _included.Add(parent); parent = parent[..Math.Max(0, parent.LastIndexOf('/'))])
        {
        }
    }

    // One character for each byte: nothing is lost, and their order is the bytes'.
    private static string Key(ReadOnlySpan<byte> path) => Encoding.Latin1.GetString(path.TrimEnd((byte)'/'));
}
