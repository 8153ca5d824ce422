using System.Net;
using System.Net.Sockets;

namespace LayerImage.Testing.Host;

/// <summary>The threads on which .NET waits for all sockets, and which give the thread pool its work.</summary>
public static class SocketThreads
{
    private static readonly Lazy<bool> s_started = new(Start);

    /// <summary>
    /// Starts them from here. The first socket that is waited for does it otherwise, and threads are born in the namespaces of the
    /// thread that starts them: these, and those of the pool that they start, would be in another network for good.
    /// </summary>
    public static void Ensure() => _ = s_started.Value;

    private static bool Start()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Task<int> received = socket.ReceiveAsync(new byte[1]);
        socket.SendTo([1], socket.LocalEndPoint!);
        return received.GetAwaiter().GetResult() == 1;
    }
}
