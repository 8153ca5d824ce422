using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    /// <summary>mkdirat(2): int mkdirat(int dirfd, const char *path, mode_t mode); an existing folder is no error.</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static void MkdirAt(SafeFileHandle directory, string name, uint mode)
    {
        if (mkdirat(directory, name, mode) != 0 && Marshal.GetLastPInvokeError() is int errno and not LinuxException.EEXIST)
        {
            throw new LinuxException(nameof(mkdirat), errno, name);
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdirat(SafeFileHandle directory, string name, uint mode);
}
