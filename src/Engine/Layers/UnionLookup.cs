using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// What the kernel's union of some directories would show, looked up without a mount. The directories are the visible
/// ones of one path, the top one first, each in overlayfs's form.
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
        foreach (string directory in directories)
        {
            visible.Add(directory);
            if (OverlayForm.IsOpaque(directory))
            {
                break;
            }
        }
        return visible;
    }

    /// <summary>
    /// Each directory once, where it is uppermost: the kernel refuses to unite one with itself. An image may have a layer twice,
    /// and the lower one never shows: all that it has, and all that it deletes, the upper one has and deletes again.
    /// </summary>
    /// <param name="directories">Layers, the top one first.</param>
    public static List<string> Once(IEnumerable<string> directories) => [.. directories.Distinct(StringComparer.Ordinal)];

    /// <summary>The entry of that name that the union shows, or null.</summary>
    public static FileStatus? Find(IReadOnlyList<SafeFileHandle> directories, NativePath name)
    {
        foreach (SafeFileHandle directory in directories)
        {
            if (Libc.TryStatAt(directory, name, out FileStatus status))
            {
                return status.IsWhiteout ? null : status;
            }
        }
        return null;
    }

    /// <summary>The directories of that name that the union merges, the top one first; the caller disposes them.</summary>
    public static List<SafeFileHandle> OpenDirectories(IReadOnlyList<SafeFileHandle> directories, NativePath name)
    {
        List<SafeFileHandle> visible = [];
        foreach (SafeFileHandle directory in directories)
        {
            if (!Libc.TryStatAt(directory, name, out FileStatus status))
            {
                continue;
            }
            if (status.Type != FileType.Directory)
            {
                break; // a file or a whiteout hides what is below it
            }
            SafeFileHandle found = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
            visible.Add(found);
            if (OverlayForm.IsOpaque(found))
            {
                break;
            }
        }
        return visible;
    }

    /// <summary>Whether the union of some layers, the top one first, shows anything under a path.</summary>
    public static bool Exists(IReadOnlyList<string> layers, LayerPath path)
    {
        List<SafeFileHandle> visible = layers.Select(layer => Libc.OpenDirectory(layer)).ToList();
        foreach (NativePath component in path.Parent)
        {
            List<SafeFileHandle> inside = OpenDirectories(visible, component);
            visible.ForEach(handle => handle.Dispose());
            visible = inside;
        }
        bool exists = Find(visible, path.Name) is not null;
        visible.ForEach(handle => handle.Dispose());
        return exists;
    }
}
