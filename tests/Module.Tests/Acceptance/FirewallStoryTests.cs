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

    [Fact]
    public async Task PublishedPorts_ArePipedToTheFirewallWithTheirRangesAndProtocols()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        string root = await BusyboxRootFs.CreateAsync(Store["box"], Stop);
        await RunAsync($"$null = Import-LayerImage -Path '{root}' -Reference box; Start-HostFirewall; $null = Start-LayerContainer box -Name web -Publish 8081:8080,9000-9002:9000-9002/udp -Command sleep,'100'");

        Assert.Equal(["web 8081 Tcp", "web 9000-9002 Udp"], (await RunAsync("Get-ContainerPort web | ForEach-Object { \"$($_.ContainerName) $($_.HostPorts) $($_.Protocol)\" }")).Lines);
        await RunAsync("Get-ContainerPort web | Set-HostPortRule -Scope Runtime");
        Assert.Equal(["8081 Tcp", "9000-9002 Udp"], (await RunAsync("Get-HostPortRule 8000-9001 | ForEach-Object { \"$($_.Port) $($_.Protocol)\" }")).Lines);
        Assert.Equal(["8081 True web", "9000 True web", "9001 True web", "9002 True web"], (await RunAsync("Get-ContainerPort web | Test-HostPort -Detailed | ForEach-Object { \"$($_.Port) $($_.IsOpen) $($_.Container)\" }")).Lines);
        await RunAsync("Get-ContainerPort web | Remove-HostPortRule; Remove-LayerContainer web -Force");
        Assert.Empty((await RunAsync("Get-HostPortRule")).Lines);
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
        Socket socket = NetworkNamespace.OpenSocket(peer.Path, AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
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
