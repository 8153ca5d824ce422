using System.Runtime.InteropServices;
using LayerImage.Engine.Interop;
using LayerImage.Testing.Host;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.SystemTests.Network;

/// <summary>Runs code on a thread that has entered a pinned network namespace. A socket made there stays there, whoever uses it later.</summary>
internal static partial class NetworkThread
{
    private const int CLONE_NEWNET = 0x40000000;

    public static T Run<T>(string namespacePath, Func<T> body)
    {
        SocketThreads.Ensure();
        T result = default!;
        OwnThread.Run("another network", () =>
        {
            using SafeFileHandle handle = File.OpenHandle(namespacePath, share: FileShare.ReadWrite | FileShare.Delete);
            if (setns(handle, CLONE_NEWNET) != 0)
            {
                throw new InvalidOperationException($"setns: errno {Marshal.GetLastPInvokeError()}");
            }
            result = body();
        });
        return result;
    }

    // int setns(int fd, int nstype);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeHandle fd, int nstype);
}
