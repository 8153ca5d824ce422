using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // ssize_t readlinkat(int dirfd, const char *pathname, char *buf, size_t bufsiz);  readlink(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(SafeFileHandle directory, byte* path, byte* buffer, nuint size);

    /// <summary>The text of a symbolic link (at most PATH_MAX, 4096 bytes).</summary>
    public static NativePath ReadLinkAt(SafeFileHandle directory, NativePath name)
    {
        byte* buffer = stackalloc byte[4097];
        fixed (byte* p = name.Terminated)
        {
            nint length = readlinkat(directory, p, buffer, 4097);
            return length < 0 ? throw Failure("readlinkat", name) : NativePath.From(new ReadOnlySpan<byte>(buffer, (int)length));
        }
    }
}
