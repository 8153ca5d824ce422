using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.SystemTests.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Hosts that reach the containers' usual addresses through something else.</summary>
[Collection("Containers")]
public sealed class SubnetTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RouteOfAVpn_GivesContainersOtherAddresses_AndThoseThatAreThereWhenTheyStart()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container before = await harness.RunAsync("sleep 100");
        Assert.StartsWith("10.89.", before.IPAddress, StringComparison.Ordinal);
        await harness.Containers.StopAsync(before.Id, TimeSpan.Zero, null, Stop);
        await ImageHarness.ShellAsync("ip link del limg0 2>/dev/null; ip link add limgvpn type veth peer name limgvpn1; ip link set limgvpn1 up; ip link set limgvpn up; ip route add 10.0.0.0/8 dev limgvpn");
        try
        {
            Container one = await harness.RunAsync("sleep 100", "18099:80"), two = await harness.Containers.StartAsync(before.Id, null, SilentObserver.Instance, Stop);

            Assert.StartsWith("172.29.0.", one.IPAddress, StringComparison.Ordinal);
            Assert.StartsWith("172.29.0.", two.IPAddress, StringComparison.Ordinal);
            Assert.NotEqual(one.IPAddress, two.IPAddress);
            await ImageHarness.ShellAsync($"busybox ping -c 1 -W 5 {one.IPAddress} >/dev/null; nsenter -t {two.ProcessId} -n busybox ping -c 1 -W 5 {one.IPAddress} >/dev/null; ip -4 address show limg0 | grep -q 172.29.0.1/16");
            await ImageHarness.ShellAsync("ip route del 10.0.0.0/8 dev limgvpn");
            Assert.StartsWith("172.29.0.", (await harness.RunAsync("sleep 100")).IPAddress, StringComparison.Ordinal);
        }
        finally
        {
            foreach (Container container in await harness.Containers.ListAsync(Stop))
            {
                await harness.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, Stop);
            }
            await ImageHarness.ShellAsync("ip link del limgvpn; ip link del limg0");
        }
    }
}
