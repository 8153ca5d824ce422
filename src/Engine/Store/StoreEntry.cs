using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Store;

/// <summary>
/// What is under a name in the store, looked at without following it. The engine puts files and directories there; a link,
/// a pipe or a folder in a file's place was put there by somebody else, and must neither be read through nor stay in the way.
/// </summary>
internal static class StoreEntry
{
    /// <summary>Whether there is anything, a link to nowhere too.</summary>
    public static bool Exists(string path) => HostSystem.IsLinux ? Libc.TryStat(path, out _) : Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    /// <summary>Bytes of an ordinary file; null where there is none, or something else.</summary>
    public static long? FileLength(string path)
    {
        if (HostSystem.IsLinux)
        {
            return Libc.TryStat(path, out FileStatus status) && status.Type == FileType.Regular ? (long)status.Size : null;
        }
        FileInfo file = new(path);
        return file.Exists && file.LinkTarget is null ? file.Length : null;
    }

    /// <summary>Whether it is a directory itself, and not a link to one.</summary>
    public static bool IsDirectory(string path) => HostSystem.IsLinux
        ? Libc.TryStat(path, out FileStatus status) && status.Type == FileType.Directory
        : Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null;

    /// <summary>Removes whatever it is, never through a link. Idempotent.</summary>
    public static void Remove(string path)
    {
        if (HostSystem.IsLinux || IsDirectory(path))
        {
            TreeRemoval.Remove(path);
        }
        else
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes what no file could replace by a rename.</summary>
    public static void MakeWayForFile(string path)
    {
        if (IsDirectory(path))
        {
            Remove(path);
        }
    }

    /// <summary>Renames whatever it is within the store.</summary>
    public static void Move(string path, string destination)
    {
        if (HostSystem.IsLinux)
        {
            Libc.Rename(path, destination);
        }
        else
        {
            Directory.Move(path, destination);
        }
    }
}
