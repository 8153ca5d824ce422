using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // fcntl.h (asm-generic); O_DIRECTORY and O_NOFOLLOW differ on 32-bit and 64-bit Arm.
    internal const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000, O_PATH = 0x200000;

    internal static int O_NOFOLLOW => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    internal static int O_DIRECTORY => RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x4000 : 0x10000;

    /// <summary>open(2): int open(const char *path, int flags);</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static SafeFileHandle Open(string path, int flags)
    {
        int fd;
        do
        {
            fd = open(path, flags | O_CLOEXEC, 0);
        }
        while (fd < 0 && Marshal.GetLastPInvokeError() == LinuxException.EINTR);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new LinuxException(nameof(open), Marshal.GetLastPInvokeError(), path);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);
}
