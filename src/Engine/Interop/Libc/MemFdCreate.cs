using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const uint MFD_CLOEXEC = 1; // sys/mman.h

    /// <summary>A file in memory that has no path, closed on exec. Its name is for who looks into /proc.</summary>
    internal static SafeFileHandle MemFdCreate(string name)
    {
        int fd = memfd_create(name, MFD_CLOEXEC);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new LinuxException(nameof(memfd_create), Marshal.GetLastPInvokeError(), null);
    }

    // int memfd_create(const char *name, unsigned int flags);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
