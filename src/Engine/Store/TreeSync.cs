using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Store;

/// <summary>
/// Makes a finished tree durable. A sync of the whole file system waits for everybody's unwritten data, syncs of single
/// files wait for the disk once each: few files are synced one by one, many at once.
/// </summary>
internal static class TreeSync
{
    /// <summary>So many are synced one by one.</summary>
    public const int Few = 32;

    /// <summary>Waits until a tree is on the disk.</summary>
    /// <param name="directory">The tree.</param>
    /// <param name="entries">How many entries it has, about.</param>
    public static void Run(string directory, long entries)
    {
        if (entries > Few)
        {
            using SafeFileHandle root = Libc.OpenDirectory(directory);
            Libc.SyncFileSystem(root, directory);
        }
        else
        {
            SyncOneByOne(directory);
        }
    }

    private static void SyncOneByOne(string path)
    {
        using DirectoryWalk<Level, NativePath> levels = new(level => Libc.Fsync(level.Directory, path));
        levels.Enter(Libc.OpenDirectory(path), Begin);
        while (levels.TryNext(out Level? level, out NativePath name))
        {
            if (!Libc.TryStatAt(level.Directory, name, out FileStatus status) || status.Type is not (FileType.Regular or FileType.Directory))
            {
                continue; // the others are no more than their names
            }
            if (status.Type == FileType.Directory)
            {
                levels.Enter(Libc.OpenAt(level.Directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow), Begin);
                continue;
            }
            using SafeFileHandle? file = RegularFile.TryOpen(level.Directory, name, out _);
            if (file is not null)
            {
                Libc.Fsync(file, path);
            }
        }
    }

    private static Level Begin(SafeFileHandle directory) => new(directory);

    private sealed class Level(SafeFileHandle directory) : OpenLevel<NativePath>(Libc.ReadDirectory(directory), directory)
    {
        public SafeFileHandle Directory => directory;
    }
}
