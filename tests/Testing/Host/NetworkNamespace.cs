using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Testing.Host;

/// <summary>Opens sockets in another network namespace: a socket stays in the one where it was made.</summary>
public static partial class NetworkNamespace
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>Opens a socket in the namespace behind a path such as <c>/proc/PID/ns/net</c>.</summary>
    public static Socket OpenSocket(string namespacePath, AddressFamily family, SocketType type, ProtocolType protocol)
    {
        Socket? made = null;
        Exception? failure = null;
        // A thread of its own, which ends in the other namespace and is never used again. It is waited for: one that completed a task
        // would have the thread pool start threads from it, and these would be in that namespace for good.
        Thread thread = new(() =>
        {
            try
            {
                // Not a FileStream, which would seek.
                using SafeFileHandle file = File.OpenHandle(namespacePath);
                if (setns((int)file.DangerousGetHandle(), CloneNewNet) != 0)
                {
                    throw new IOException($"setns: {Marshal.GetLastPInvokeErrorMessage()}: {namespacePath}");
                }
                made = new Socket(family, type, protocol);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                failure = error;
            }
        });
        thread.Start();
        thread.Join();
        return made ?? throw new IOException($"No socket in {namespacePath}.", failure);
    }

    /// <summary>An HTTP client whose connections start in the namespace. No proxy, no cookies, no redirects.</summary>
    public static HttpClient CreateHttpClient(string namespacePath, TimeSpan timeout) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.Zero,
        ConnectCallback = async (context, cancellationToken) =>
        {
            IPAddress address = IPAddress.Parse(context.DnsEndPoint.Host);
            Socket socket = OpenSocket(namespacePath, address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, context.DnsEndPoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    { Timeout = timeout };

    // int setns(int fd, int nstype);
    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int nstype);
}
