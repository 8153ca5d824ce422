using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Removes trees whose names are bytes and whose content is hostile: never through a symbolic link.</summary>
internal static class TreeRemoval
{
    /// <summary>Removes an entry with all beneath it. Idempotent.</summary>
    public static void Remove(SafeFileHandle directory, NativePath name)
    {
        if (!Libc.TryStatAt(directory, name, out FileStatus status))
        {
            return;
        }
        if (status.Type != FileType.Directory)
        {
            Libc.TryUnlinkAt(directory, name, isDirectory: false);
            return;
        }
        using (SafeFileHandle child = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow))
        {
            RemoveContent(child);
        }
        Libc.TryUnlinkAt(directory, name, isDirectory: true);
    }

    /// <summary>Removes a path of the host with all beneath it. Idempotent.</summary>
    public static void Remove(string path)
    {
        string? parent = Path.GetDirectoryName(path);
        if (parent is null || !Directory.Exists(parent))
        {
            return;
        }
        using SafeFileHandle directory = Libc.OpenDirectory(parent);
        Remove(directory, Path.GetFileName(path));
    }

    // Names are tried as files first: that saves a stat for most of them.
    private static void RemoveContent(SafeFileHandle directory)
    {
        foreach (NativePath name in Libc.ReadDirectory(directory))
        {
            try
            {
                Libc.TryUnlinkAt(directory, name, isDirectory: false);
            }
            catch (LinuxException e) when (e.Errno is LinuxException.EISDIR or LinuxException.EPERM)
            {
                Remove(directory, name);
            }
        }
    }
}
