using System.Net;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public class SubnetChoiceTests
{
    [Theory]
    [InlineData("10.89.0.0/16")]
    [InlineData("10.89.0.0/16", "eth0 0.0.0.0/0", "eth0 192.168.1.0/24", "docker0 172.17.0.0/16", "podman0 10.88.0.0/16")]
    [InlineData("10.189.0.0/16", "podman1 10.89.0.0/24")]
    [InlineData("172.29.0.0/16", "tun0 10.0.0.0/8")]
    [InlineData("192.168.224.0/20", "tun0 10.0.0.0/8", "tun0 172.16.0.0/12")]
    [InlineData("172.29.0.0/16", "limg0 172.29.0.0/16")]
    [InlineData("10.89.0.0/16", "limg0 10.89.0.0/16", "tun0 10.0.0.0/8")]
    [InlineData("10.89.0.0/16", "limg0 192.0.2.0/24")]
    [InlineData("10.89.0.0/16", "tun0 10.0.0.0/8", "tun0 172.16.0.0/12", "tun0 192.168.0.0/16")]
    public void FirstThatIsFree_OrWhatTheBridgeHas(string chosen, params string[] routes) =>
        Assert.Equal(IPNetwork.Parse(chosen), SubnetChoice.Choose("limg0", [.. routes.Select(route => route.Split(' ')).Select(words => (words[0], IPNetwork.Parse(words[1])))]));
}
