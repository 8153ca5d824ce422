using System.Runtime.InteropServices;
using LayerImage.Engine.Interop;
using LayerImage.Testing.Host;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>Runs code on a thread of its own inside another network namespace; sockets and programs it starts are there too.</summary>
internal static partial class NetworkNamespaceThread
{
    private const int CLONE_NEWNET = 0x40000000;

    public static T Run<T>(int pid, Func<T> action)
    {
        SocketThreads.Ensure();
        T result = default!;
        OwnThread.Run("another network", () =>
        {
            using SafeFileHandle handle = File.OpenHandle($"/proc/{pid}/ns/net");
            if (setns(handle, CLONE_NEWNET) != 0)
            {
                throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
            }
            result = action();
        });
        return result;
    }

    // int setns(int fd, int nstype);  setns(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle file, int type);
}
