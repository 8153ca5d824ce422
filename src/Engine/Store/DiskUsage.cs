using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Store;

/// <summary>
/// How many bytes of the disk files and trees have: the blocks that the file system gave them, directories too, a file
/// with several names once, nothing of what is mounted there. Where blocks cannot be asked for, files' lengths.
/// </summary>
internal static class DiskUsage
{
    private const int BlockSize = 512; // of st_blocks, statx(2)
    private const int MostDepth = 500;

    /// <summary>Bytes of a file, or of a tree; 0 when it is not there.</summary>
    public static long Of(string path)
    {
        if (!HostSystem.IsLinux)
        {
            return PortableOf(path);
        }
        if (!Libc.TryStat(path, out FileStatus status))
        {
            return 0;
        }
        long bytes = (long)status.Blocks * BlockSize;
        if (status.Type != FileType.Directory)
        {
            return bytes;
        }
        try
        {
            using SafeFileHandle directory = Libc.OpenDirectory(path);
            return bytes + OfContent(directory, status, [], 0);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT)
        {
            return bytes; // removed meanwhile
        }
    }

    private static long OfContent(SafeFileHandle directory, in FileStatus top, HashSet<ulong> linked, int depth)
    {
        long bytes = 0;
        foreach (NativePath name in Libc.ReadDirectory(directory))
        {
            if (!Libc.TryStatAt(directory, name, out FileStatus status) || (status.FileSystemMajor, status.FileSystemMinor) != (top.FileSystemMajor, top.FileSystemMinor))
            {
                continue;
            }
            if (status.Type != FileType.Directory)
            {
                bytes += status.LinkCount > 1 && !linked.Add(status.Inode) ? 0 : (long)status.Blocks * BlockSize;
                continue;
            }
            bytes += (long)status.Blocks * BlockSize;
            if (depth < MostDepth)
            {
                try
                {
                    using SafeFileHandle child = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
                    bytes += OfContent(child, top, linked, depth + 1);
                }
                catch (LinuxException e) when (e.Errno is LinuxException.ENOENT or LinuxException.ENOTDIR)
                {
                    // Changed meanwhile: a container at work.
                }
            }
        }
        return bytes;
    }

    private static long PortableOf(string path) => File.Exists(path) ? new FileInfo(path).Length
        : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
}
