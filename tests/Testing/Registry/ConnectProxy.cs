using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LayerImage.Testing.Registry;

/// <summary>
/// A proxy that tunnels (HTTP CONNECT, RFC 9110 9.3.6) to this machine's own ports, whatever host is asked for, and wants
/// a user and a password.
/// </summary>
public sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<string> _asked = [];
    private readonly string _authorization;
    private readonly Task _accepting;

    /// <summary>Starts it.</summary>
    /// <param name="user">The user that it lets through.</param>
    /// <param name="password">The user's password.</param>
    public ConnectProxy(string user, string password)
    {
        _authorization = "Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Its address, "127.0.0.1:port".</summary>
    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>The first lines of what it was asked.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_asked)
            {
                return [.. _asked];
            }
        }
    }

    /// <summary>Ends it and the tunnels.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> tunnels = [];
        try
        {
            while (true)
            {
                tunnels.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(tunnels);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient server = new();
        using (client)
        {
            try
            {
                NetworkStream near = client.GetStream();
                while (true)
                {
                    string[] head = (await ReadHeadAsync(near)).Split("\r\n");
                    lock (_asked)
                    {
                        _asked.Add(head[0]);
                    }
                    if (head.Contains(_authorization))
                    {
                        await server.ConnectAsync(IPAddress.Loopback, new Uri("tcp://" + head[0].Split(' ')[1]).Port, _stop.Token);
                        break;
                    }
                    await near.WriteAsync("HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _stop.Token);
                }
                await near.WriteAsync("HTTP/1.1 200 Here\r\n\r\n"u8.ToArray(), _stop.Token);
                NetworkStream far = server.GetStream();
                await Task.WhenAny(near.CopyToAsync(far, _stop.Token), far.CopyToAsync(near, _stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // One side is done.
            }
        }
    }

    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }
        return head.ToString();
    }
}
