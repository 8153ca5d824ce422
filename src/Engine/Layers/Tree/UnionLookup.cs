namespace LayerImage.Engine.Layers;

/// <summary>
/// Which layers of a stack a union shows, and what it would show under a path, without a mount. The layers are in overlayfs's form.
/// </summary>
internal static class UnionLookup
{
    /// <summary>
    /// The layers that a union of these shows anything of: down to the first whose root is opaque. Overlayfs looks at the
    /// mark in directories beneath the root only, so what lies under such a layer must not be mounted at all.
    /// </summary>
    /// <param name="directories">Layers, the top one first.</param>
    public static List<string> Visible(IEnumerable<string> directories)
    {
        List<string> visible = [];
        UnionRule.Merge(directories, directory => directory, directory => OverlayForm.IsOpaque(directory), visible);
        return visible;
    }

    /// <summary>
    /// Each directory once, where it is uppermost: the kernel refuses to unite one with itself. An image may have a layer twice,
    /// and the lower one never shows: all that it has, and all that it deletes, the upper one has and deletes again.
    /// </summary>
    /// <param name="directories">Layers, the top one first.</param>
    public static List<string> Once(IEnumerable<string> directories) => [.. directories.Distinct(StringComparer.Ordinal)];

    /// <summary>Whether the union of some layers, the top one first, shows anything under a path. No link is followed.</summary>
    public static bool Exists(IReadOnlyList<string> layers, LayerPath path)
    {
        using UnionDirectory root = UnionDirectory.OpenRoot(layers);
        using UnionDirectory? inside = path.Parent.Length == 0 ? null : root.Open(path.Parent);
        return (path.Parent.Length == 0 ? root : inside)?.Find(path.Name) is not null;
    }
}
