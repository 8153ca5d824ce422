using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const nuint FICLONE = 0x40049409; // linux/fs.h

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(SafeFileHandle file, nuint request, SafeFileHandle argument);

    /// <summary>Makes one file share another's blocks (ioctl_ficlone(2)); false where the file system cannot.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle destination) => ioctl(destination, FICLONE, source) == 0;
}
