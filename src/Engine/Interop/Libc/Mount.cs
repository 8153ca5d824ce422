using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // linux/mount.h
    internal const ulong MS_BIND = 4096;

    /// <summary>Mounts a file system, by mount(2).</summary>
    internal static void Mount(string? source, string target, string? type, ulong flags, string? data)
    {
        if (mount(source, target, type, (nuint)flags, data) != 0)
        {
            throw new LinuxException(nameof(mount), Marshal.GetLastPInvokeError(), target);
        }
    }

    // int mount(const char *source, const char *target, const char *filesystemtype, unsigned long mountflags, const void *data);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string? source, string target, string? filesystemtype, nuint mountflags, string? data);
}
