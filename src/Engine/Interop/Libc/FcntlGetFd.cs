using System.Runtime.InteropServices;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const int F_GETFD = 1, FD_CLOEXEC = 1;

    /// <summary>
    /// fcntl(2): int fcntl(int fd, F_GETFD); whether a descriptor is one that this process was started with. One that the starter
    /// had closed is free for what the process opens itself, and the runtime opens all to be closed on exec.
    /// </summary>
    internal static bool IsInherited(int descriptor)
    {
        int flags = fcntl(descriptor, F_GETFD, 0);
        return flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);
}
