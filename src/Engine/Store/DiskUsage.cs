using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Store;

/// <summary>
/// How many bytes of the disk files and trees have: the blocks that the file system gave them, directories too, a file
/// with several names once, nothing of what is mounted there. Where blocks cannot be asked for, files' lengths.
/// </summary>
internal static class DiskUsage
{
    private const int BlockSize = 512; // of st_blocks, statx(2)
    private const int MostOpen = 200;

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
            return bytes + OfContent(path);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT)
        {
            return bytes; // removed meanwhile
        }
    }

    // Neither a recursion nor a handle for each level: a container can nest directories deeper than any stack, and than a process
    // may have files open. The highest ones are closed meanwhile, and found again from below.
    private static long OfContent(string path)
    {
        long bytes = 0;
        HashSet<ulong> linked = [];
        List<Level> levels = [Level.Begin(Libc.OpenDirectory(path))];
        try
        {
            while (levels.Count > 0)
            {
                Level level = levels[^1];
                if (level.TryNext(out NativePath name))
                {
                    if (level.Stat(name) is not FileStatus status)
                    {
                        continue;
                    }
                    bytes += status.Type != FileType.Directory && status.LinkCount > 1 && !linked.Add(status.Inode) ? 0 : (long)status.Blocks * BlockSize;
                    if (status.Type == FileType.Directory && level.TryOpen(name) is Level inside)
                    {
                        levels.Add(inside);
                        if (levels.Count > MostOpen)
                        {
                            levels[^(MostOpen + 1)].Dispose();
                        }
                    }
                    continue;
                }
                levels.RemoveAt(levels.Count - 1);
                using (level)
                {
                    if (levels.Count > 0 && !levels[^1].TryReopen(level.Directory))
                    {
                        return bytes; // moved elsewhere meanwhile
                    }
                }
            }
        }
        finally
        {
            levels.ForEach(level => level.Dispose());
        }
        return bytes;
    }

    private sealed class Level(SafeFileHandle directory) : OpenLevel<NativePath>(Libc.ReadDirectory(directory))
    {
        private readonly FileStatus _status = Libc.Stat(directory);

        public SafeFileHandle Directory { get; private set; } = directory;

        public static Level Begin(SafeFileHandle directory)
        {
            try
            {
                return new Level(directory);
            }
            catch
            {
                directory.Dispose();
                throw;
            }
        }

        /// <summary>A directory in it; null when a container at work has changed that meanwhile.</summary>
        public Level? TryOpen(NativePath name)
        {
            try
            {
                return Begin(Libc.OpenAt(Directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow));
            }
            catch (LinuxException e) when (e.Errno is LinuxException.ENOENT or LinuxException.ENOTDIR or LinuxException.ELOOP)
            {
                return null;
            }
        }

        /// <summary>What is under a name, unless it belongs to another file system.</summary>
        public FileStatus? Stat(NativePath name) => Libc.TryStatAt(Directory, name, out FileStatus status) && IsOfOneFileSystem(status) ? status : null;

        /// <summary>Opens it again, as the directory above one that is open.</summary>
        public bool TryReopen(SafeFileHandle below)
        {
            if (!Directory.IsClosed)
            {
                return true;
            }
            Directory = Libc.OpenAt(below, "..", OpenFlags.ReadOnly | OpenFlags.Directory);
            FileStatus found = Libc.Stat(Directory);
            return found.Inode == _status.Inode && IsOfOneFileSystem(found);
        }

        public override void Dispose() => Directory.Dispose();

        private bool IsOfOneFileSystem(in FileStatus other) =>
            (other.FileSystemMajor, other.FileSystemMinor) == (_status.FileSystemMajor, _status.FileSystemMinor);
    }

    private static long PortableOf(string path) => File.Exists(path) ? new FileInfo(path).Length
        : Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;
}
