using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>
/// Opens what a container or an image put into a tree, if it is a regular file. To open a device is to use it: a tape
/// rewinds, a watchdog starts, the kernel loads a driver, a read never ends or brings the host's disk. And whoever runs in
/// the container may put one in a file's place between a look and the open. So a name is opened without opening what it
/// names (O_PATH); that is looked at, and then the same inode is opened, by no name at all.
/// </summary>
internal static class RegularFile
{
    private const int Flags = OpenFlags.ReadOnly | OpenFlags.NonBlocking;

    /// <summary>An entry of a directory, never through a symbolic link; null when there is no regular file of that name.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="status">What was opened.</param>
    public static SafeFileHandle? TryOpen(SafeFileHandle directory, NativePath name, out FileStatus status)
    {
        status = default;
        try
        {
            using SafeFileHandle place = Libc.OpenAt(directory, name, OpenFlags.PathOnly | OpenFlags.NoFollow);
            return TryOpen(place, out status);
        }
        catch (LinuxException e) when (e.Errno is LinuxException.ENOENT or LinuxException.ENOTDIR)
        {
            return null;
        }
    }

    /// <summary>What a handle that opened nothing is at; null when that is no regular file.</summary>
    /// <param name="place">The handle, opened with O_PATH.</param>
    /// <param name="status">What was opened.</param>
    public static SafeFileHandle? TryOpen(SafeFileHandle place, out FileStatus status)
    {
        status = Libc.Stat(place);
        return status.Type == FileType.Regular ? Reopen(place, Flags) : null;
    }

    /// <summary>Opens the inode that a handle is at. The caller knows what it is.</summary>
    public static SafeFileHandle Reopen(SafeFileHandle place, int flags) => Libc.Open($"/proc/self/fd/{place.DangerousGetHandle()}", flags);
}
