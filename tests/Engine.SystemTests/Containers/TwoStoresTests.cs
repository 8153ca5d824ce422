using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Two stores on one host: neither's records know the other's containers, and they share bridge, addresses and ports.</summary>
[Collection("Containers")]
public class TwoStoresTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ContainersOfTwoStores_HaveAddressesOfTheirOwn_AndEachPortLeadsToItsContainer()
    {
        await using ContainerHarness one = await ContainerHarness.CreateAsync(), two = await ContainerHarness.CreateAsync();

        Container first = await one.RunAsync("while true; do echo one | nc -l -p 80; done", "18081:80");
        Container second = await two.RunAsync("while true; do echo two | nc -l -p 80; done", "18082:80");

        Assert.NotEqual(first.IPAddress, second.IPAddress);
        Assert.Equal("one", await AskAsync(18081));
        Assert.Equal("two", await AskAsync(18082));
        Assert.Equal(second.IPAddress, (await two.Containers.GetAsync(second.Id, Stop)).IPAddress);
    }

    [Fact]
    public async Task AnAddressThatWasTakenWhileTheContainerWasStopped_IsReplacedAtItsStart()
    {
        await using ContainerHarness one = await ContainerHarness.CreateAsync(), two = await ContainerHarness.CreateAsync();
        Container first = await one.RunAsync("while true; do sleep 0.1; done");
        await one.Containers.StopAsync(first.Id, TimeSpan.Zero, null, Stop);
        Container second = await two.RunAsync("while true; do sleep 0.1; done");
        Assert.Equal(first.IPAddress, second.IPAddress);

        Container again = await one.Containers.StartAsync(first.Id, null, SilentObserver.Instance, Stop);

        Assert.NotNull(again.IPAddress);
        Assert.NotEqual(second.IPAddress, again.IPAddress);
    }

    // Until the server listens.
    private static async Task<string> AskAsync(int port)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            try
            {
                using TcpClient client = new();
                await client.ConnectAsync(IPAddress.Loopback, port, Stop);
                using StreamReader reader = new(client.GetStream());
                return (await reader.ReadLineAsync(Stop))!;
            }
            catch (SocketException) when (Environment.TickCount64 - start < 20_000)
            {
                await Task.Delay(50, Stop);
            }
        }
    }
}
