using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int fsync(int fd);  fsync(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    // int syncfs(int fd);  syncfs(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(SafeFileHandle file);

    /// <summary>Waits until a file's or directory's content is on the disk.</summary>
    public static void Fsync(SafeFileHandle file, string path)
    {
        if (fsync(file) < 0)
        {
            throw Failure("fsync", path);
        }
    }

    /// <summary>Waits until all that was written to the file system that holds a file is on the disk.</summary>
    public static void SyncFileSystem(SafeFileHandle file, string path)
    {
        if (syncfs(file) < 0)
        {
            throw Failure("syncfs", path);
        }
    }
}
