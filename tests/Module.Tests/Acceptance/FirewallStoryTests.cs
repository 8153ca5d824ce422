using System.Net;
using System.Net.Sockets;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>Host ports as another machine sees them: a real listener, a real connection from another network namespace.</summary>
public sealed class FirewallStoryTests : AcceptanceTest
{
    private const int Port = 9200;

    [Fact]
    public async Task RuntimeRule_OpensAtOnceAndIsGoneAfterSync()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await using PeerNamespace peer = await PeerNamespace.CreateAsync(Stop);
        await using EchoServer server = new(Port);
        Assert.True(await ReachesAsync(peer), "Without a firewall nothing is blocked.");

        await RunAsync("Start-HostFirewall");
        Assert.False(await ReachesAsync(peer), "The firewall lets in a port without a rule.");
        await RunAsync($"Set-HostPortRule -Port {Port} -Protocol tcp -Zone public -Scope Runtime");
        Assert.True(await ReachesAsync(peer), "A runtime rule must open at once.");
        await RunAsync("Sync-HostFirewall");
        Assert.False(await ReachesAsync(peer), "Sync must drop what is not permanent.");
    }

    [Fact]
    public async Task PermanentRule_OpensAfterSyncAndRemovalCloses()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await using PeerNamespace peer = await PeerNamespace.CreateAsync(Stop);
        await using EchoServer server = new(Port);
        await RunAsync("Start-HostFirewall");

        await RunAsync($"Set-HostPortRule -Port {Port} -Protocol tcp -Zone public -Scope Permanent");
        Assert.False(await ReachesAsync(peer), "A permanent rule must open nothing before Sync.");
        await RunAsync("Sync-HostFirewall");
        Assert.True(await ReachesAsync(peer), "A permanent rule must open after Sync.");
        Assert.Equal([$"{Port} True True"], (await RunAsync($"Get-HostPortRule -Port {Port} | ForEach-Object {{ \"$($_.Port) $($_.Runtime) $($_.Permanent)\" }}")).Lines);

        await RunAsync($"Remove-HostPortRule -Port {Port} -Protocol tcp -Zone public");
        Assert.False(await ReachesAsync(peer), "Removal must close the port.");
        await RunAsync("Sync-HostFirewall");
        Assert.False(await ReachesAsync(peer), "Removal must be permanent.");
    }

    [Fact]
    public async Task EstablishedConnection_SurvivesAReload()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await using PeerNamespace peer = await PeerNamespace.CreateAsync(Stop);
        await using EchoServer server = new(Port);
        await RunAsync($"Start-HostFirewall; Set-HostPortRule -Port {Port} -Protocol tcp -Zone public -Scope Runtime");
        using Socket connection = await ConnectAsync(peer);
        Assert.Equal("before", await EchoAsync(connection, "before"));

        await RunAsync("Sync-HostFirewall");

        Assert.Equal("after", await EchoAsync(connection, "after"));
        Assert.False(await ReachesAsync(peer), "A new connection must not get in: its rule was runtime only.");
    }

    private static async Task<bool> ReachesAsync(PeerNamespace peer)
    {
        try
        {
            using Socket socket = await ConnectAsync(peer);
            return await EchoAsync(socket, "hello") == "hello";
        }
        catch (Exception refused) when (refused is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<Socket> ConnectAsync(PeerNamespace peer)
    {
        Socket socket = await NetworkNamespace.OpenSocketAsync(peer.Path, AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(peer.HostAddress), Port), Soon());
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<string> EchoAsync(Socket socket, string text)
    {
        byte[] sent = System.Text.Encoding.UTF8.GetBytes(text);
        byte[] answer = new byte[sent.Length];
        await socket.SendAsync(sent, Soon());
        using NetworkStream stream = new(socket, ownsSocket: false);
        await stream.ReadExactlyAsync(answer, Soon());
        return System.Text.Encoding.UTF8.GetString(answer);
    }

    // A dropped packet has no answer; a refused one has it at once.
    private static CancellationToken Soon() => new CancellationTokenSource(TimeSpan.FromSeconds(2)).Token;
}
