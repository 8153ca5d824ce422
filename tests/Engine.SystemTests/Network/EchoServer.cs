using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LayerImage.Engine.SystemTests.Network;

/// <summary>A server that answers each TCP connection or UDP datagram with "name port peer-address".</summary>
internal sealed class EchoServer : IDisposable
{
    private readonly Socket _socket;
    private readonly string _text;

    private EchoServer(Socket socket, string name)
    {
        _socket = socket;
        _text = $"{name} {((IPEndPoint)socket.LocalEndPoint!).Port}";
    }

    public static EchoServer StartTcp(string name, IPAddress address, int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen();
        EchoServer server = new(socket, name);
        _ = server.AnswerConnectionsAsync();
        return server;
    }

    public static EchoServer StartUdp(string name, IPAddress address, int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(address, port));
        EchoServer server = new(socket, name);
        _ = server.AnswerDatagramsAsync();
        return server;
    }

    /// <summary>What the server at an address says, or the error's name. Call it inside the client's namespace.</summary>
    /// <param name="patience">Milliseconds: a busy machine's answer may come late; where none is expected, be shorter.</param>
    public static string Ask(string address, int port, ProtocolType protocol = ProtocolType.Tcp, int patience = 20_000)
    {
        bool tcp = protocol == ProtocolType.Tcp;
        using Socket client = new(AddressFamily.InterNetwork, tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        client.ReceiveTimeout = patience;
        try
        {
            if (Connect(client, new IPEndPoint(IPAddress.Parse(address), port), patience) is var error and not SocketError.Success)
            {
                return error.ToString();
            }
            if (!tcp)
            {
                client.Send([1]);
            }
            byte[] answer = new byte[200];
            return Encoding.ASCII.GetString(answer, 0, client.Receive(answer));
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode.ToString();
        }
    }

    // On this thread alone: see SocketThreads.
    private static SocketError Connect(Socket client, EndPoint to, int patience)
    {
        client.Blocking = false;
        try
        {
            client.Connect(to);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!client.Poll(patience * 1000, SelectMode.SelectWrite))
            {
                return SocketError.TimedOut;
            }
        }
        client.Blocking = true;
        return (SocketError)(int)client.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
    }

    public void Dispose() => _socket.Dispose();

    private async Task AnswerConnectionsAsync()
    {
        try
        {
            while (true)
            {
                using Socket connection = await _socket.AcceptAsync();
                await connection.SendAsync(Encoding.ASCII.GetBytes($"{_text} {((IPEndPoint)connection.RemoteEndPoint!).Address}"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task AnswerDatagramsAsync()
    {
        try
        {
            byte[] buffer = new byte[100];
            while (true)
            {
                SocketReceiveFromResult got = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await _socket.SendToAsync(Encoding.ASCII.GetBytes($"{_text} {((IPEndPoint)got.RemoteEndPoint).Address}"), got.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
