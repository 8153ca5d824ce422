using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Removes trees whose names are bytes and whose content is hostile: never through a symbolic link.</summary>
internal static class TreeRemoval
{
    private const int MostDepth = 200;

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
            Queue<NativePath> moved = new();
            RemoveContent(child, child, moved, 0);
            while (moved.TryDequeue(out NativePath deep))
            {
                RemoveDirectory(child, deep, child, moved, 0);
            }
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
        if (!HostSystem.IsLinux)
        {
            // Nothing is unpacked there: only the engine's own files.
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            return;
        }
        using SafeFileHandle directory = Libc.OpenDirectory(parent);
        Remove(directory, Path.GetFileName(path));
    }

    // Names are tried as files first: that saves a stat for most of them.
    private static void RemoveContent(SafeFileHandle directory, SafeFileHandle top, Queue<NativePath> moved, int depth)
    {
        foreach (NativePath name in Libc.ReadDirectory(directory))
        {
            try
            {
                Libc.TryUnlinkAt(directory, name, isDirectory: false);
            }
            catch (LinuxException e) when (e.Errno is LinuxException.EISDIR or LinuxException.EPERM)
            {
                RemoveDirectory(directory, name, top, moved, depth);
            }
        }
    }

    // A container's root can nest directories deeper than any stack and than any process may have handles: what is
    // too deep is moved to the top and removed from there.
    private static void RemoveDirectory(SafeFileHandle parent, NativePath name, SafeFileHandle top, Queue<NativePath> moved, int depth)
    {
        if (depth == MostDepth)
        {
            NativePath deep = $"deep.{Guid.NewGuid():N}";
            Libc.RenameAt(parent, name, top, deep);
            moved.Enqueue(deep);
            return;
        }
        using (SafeFileHandle child = Libc.OpenAt(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow))
        {
            RemoveContent(child, top, moved, depth + 1);
        }
        Libc.TryUnlinkAt(parent, name, isDirectory: true);
    }
}
