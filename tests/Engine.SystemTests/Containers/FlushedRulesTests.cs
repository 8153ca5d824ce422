using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;
using LayerImage.Engine.Processes;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Somebody takes the kernel's rules away while containers run: Debian's nftables.service does when it is restarted.</summary>
[Collection("Containers")]
public class FlushedRulesTests
{
    private const string Server = "while true; do echo here | nc -l -p 80; done";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flush ruleset", "list")]
    [InlineData("flush ruleset", "get")]
    [InlineData("flush ruleset", "start")]
    [InlineData("flush ruleset", "port")]
    [InlineData("flush table inet layerimage", "list")]
    [InlineData("delete element inet layerimage published { 0.0.0.0/0 . tcp . 18083 }", "list")]
    [InlineData("flush chain inet layerimage raw_prerouting", "sync")]
    public async Task EveryLook_BringsPublishedPortsAndTheLoopbackGuardBack(string harm, string look)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync(Server, "18083:80");
        Assert.Equal("here", await AskAsync());

        new NftProgram().Run(harm, EngineError.NetworkFailed);
        _ = look switch
        {
            "list" => (await harness.Containers.ListAsync(Stop)).Count,
            "get" => (await harness.Containers.GetAsync(container.Id, Stop)).Ports.Count,
            "start" => (await harness.Containers.StartAsync(container.Id, null, SilentObserver.Instance, Stop)).Ports.Count,
            "port" => harness.Engine.HostPorts.Get(PortRange.Parse("18083"), PortProtocol.Tcp).Count,
            _ => Sync(harness),
        };

        Assert.Equal("here", await AskAsync());
        Assert.Contains("127.0.0.0", new NftProgram().List("chain inet layerimage raw_prerouting", EngineError.NetworkFailed), StringComparison.Ordinal);
        Assert.Contains(container.IPAddress!, new NftProgram().List("set bridge layerimage sources", EngineError.NetworkFailed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALookOfOneStore_LeavesTheOtherStoresPortsToItsOwnLook()
    {
        await using ContainerHarness one = await ContainerHarness.CreateAsync(), two = await ContainerHarness.CreateAsync();
        await one.RunAsync(Server, "18083:80");
        await two.RunAsync("sleep 1000");

        new NftProgram().Run("flush ruleset", EngineError.NetworkFailed);
        await two.Containers.ListAsync(Stop);
        await one.Containers.ListAsync(Stop);

        Assert.Equal("here", await AskAsync());
    }

    private static int Sync(ContainerHarness harness)
    {
        harness.Containers.Network.Restore(anew: true, SilentObserver.Instance);
        return 0;
    }

    // The server takes one after another, with a moment in between.
    private static async Task<string?> AskAsync()
    {
        long start = Environment.TickCount64;
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, 18083, Stop);
                using StreamReader reader = new(client.GetStream());
                return await reader.ReadLineAsync(Stop);
            }
            catch (SocketException) when (Environment.TickCount64 - start < 10_000)
            {
                await Task.Delay(50, Stop);
            }
        }
    }
}
