using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
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
        using SafeFileHandle root = Libc.OpenDirectory(directory);
        if (entries > Few)
        {
            Libc.SyncFileSystem(root, directory);
        }
        else
        {
            SyncContent(root, directory);
        }
    }

    private static void SyncContent(SafeFileHandle directory, string path)
    {
        foreach (NativePath name in Libc.ReadDirectory(directory))
        {
            if (!Libc.TryStatAt(directory, name, out FileStatus status) || status.Type is not (FileType.Regular or FileType.Directory))
            {
                continue; // the others are no more than their names
            }
            using SafeFileHandle child = Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking);
            if (status.Type == FileType.Directory)
            {
                SyncContent(child, path);
            }
            else
            {
                Libc.Fsync(child, path);
            }
        }
        Libc.Fsync(directory, path);
    }
}
