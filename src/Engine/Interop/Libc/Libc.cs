using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

/// <summary>
/// The C library's functions that the engine calls, one in each file. Every wrapper retries EINTR and throws a
/// <see cref="LinuxException"/> that names the call, the error and the path.
/// </summary>
internal static unsafe partial class Libc
{
    /// <summary>The working directory, as a directory argument of the *at functions (fcntl.h).</summary>
    public const int AT_FDCWD = -100;

    /// <summary>Do not follow a symbolic link in the last component (fcntl.h).</summary>
    public const int AT_SYMLINK_NOFOLLOW = 0x100;

    /// <summary>The path is empty: the call is about the descriptor itself (fcntl.h).</summary>
    public const int AT_EMPTY_PATH = 0x1000;

    private static bool Interrupted(long result) => result < 0 && Marshal.GetLastPInvokeError() == LinuxException.EINTR;

    private static LinuxException Failure(string call, NativePath path) => new(call, Marshal.GetLastPInvokeError(), path.ToString());

    private static LinuxException Failure(string call, string? path) => new(call, Marshal.GetLastPInvokeError(), path);
}
