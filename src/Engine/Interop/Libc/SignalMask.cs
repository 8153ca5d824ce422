using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    private const int SIG_SETMASK = 2;

    // int pthread_sigmask(int how, const sigset_t *set, sigset_t *oldset);  pthread_sigmask(3)
    [LibraryImport("libc")]
    private static partial int pthread_sigmask(int how, byte* set, byte* oldSet);

    /// <summary>Lets all signals through to the calling thread and those it makes from now on. A mask is inherited over exec.</summary>
    public static void UnblockSignals()
    {
        byte* none = stackalloc byte[128]; // sigset_t is 128 bytes in glibc and musl
        new Span<byte>(none, 128).Clear();
        if (pthread_sigmask(SIG_SETMASK, none, null) is int error and not 0)
        {
            throw new LinuxException(nameof(pthread_sigmask), error, null);
        }
    }
}
