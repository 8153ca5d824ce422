using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int mknodat(int dirfd, const char *pathname, mode_t mode, dev_t dev);  mknod(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(SafeFileHandle directory, byte* path, uint mode, ulong device);

    /// <summary>Makes a device, fifo or socket node.</summary>
    public static void MknodAt(SafeFileHandle directory, NativePath name, FileType type, int permissions, uint major, uint minor)
    {
        fixed (byte* p = name.Terminated)
        {
            if (mknodat(directory, p, (uint)type | (uint)permissions, MakeDevice(major, minor)) < 0)
            {
                throw Failure("mknodat", name);
            }
        }
    }

    // glibc's encoding of a device number (sys/sysmacros.h).
    private static ulong MakeDevice(uint major, uint minor) =>
        (minor & 0xffUL) | ((major & 0xfffUL) << 8) | ((minor & ~0xffUL) << 12) | ((ulong)(major & ~0xfffU) << 32);
}
