namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    private const int F_GETFL = 3, F_SETFL = 4;

    /// <summary>fcntl(2): int fcntl(int fd, F_GETFL); the flags of an open file, which all who have it share. -1 when it is not open.</summary>
    internal static int GetFileFlags(int descriptor) => fcntl(descriptor, F_GETFL, 0);

    /// <summary>fcntl(2): int fcntl(int fd, F_SETFL, int flags); what cannot be set stays.</summary>
    internal static void SetFileFlags(int descriptor, int flags) => _ = fcntl(descriptor, F_SETFL, flags);
}
