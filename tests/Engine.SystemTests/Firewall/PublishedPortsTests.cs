using LayerImage.Engine.Firewall;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Firewall;

public class PublishedPortsTests
{
    private const string Container = "0123456789abcdef0123456789abcdef", Other = "fedcba9876543210";

    private static FirewallHost Host()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("nft"), Requires.Tool("ip"), Requires.Tool("nsenter"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        FirewallHost host = new();
        host.Listen(host.ContainerPid, 8080);
        host.Listen(host.PeerPid, 7000);
        host.Listen(host.HostPid, 6000);
        return host;
    }

    private static bool Open(FirewallHost host, string id, string port = "8081") =>
        host.On(firewall => firewall.OpenForContainer(id, port, FirewallProtocol.Tcp, null));

    [Fact]
    public void PublishedPort_IsClosedToOthersUntilARuleOpensThePortAskedFor()
    {
        using FirewallHost host = Host();
        Assert.True(host.IsOpen(8081));

        host.Start();
        Assert.False(host.IsOpen(8081));
        Assert.True(host.IsOpenFrom(host.HostPid, 8081, "10.77.0.1"));
        Assert.True(host.IsOpenFrom(host.ContainerPid, 7000, "10.77.0.2"));
        Assert.True(host.IsOpenFrom(host.ContainerPid, 6000, "10.78.0.1"));

        // The container's own port opens nothing, and routing past the translation does not help either.
        host.Set("8080", PortRuleScope.Runtime);
        Assert.False(host.IsOpen(8081));
        Assert.False(host.IsOpen(8080, "10.78.0.2"));

        host.Set("8081", PortRuleScope.Runtime);
        Assert.True(host.IsOpen(8081));
        host.Remove("8081", PortRuleScope.Runtime);
        Assert.False(host.IsOpen(8081));
        host.Set("8000-8100", PortRuleScope.Runtime, source: "10.77.0.2");
        Assert.True(host.IsOpen(8081));
    }

    [Fact]
    public void ContainerRule_SurvivesASyncAndEndsWithTheContainer()
    {
        using FirewallHost host = Host();
        host.Start();

        Assert.True(Open(host, Container));
        Assert.True(Open(host, Container));
        Assert.True(host.IsOpen(8081));
        HostPortRule rule = Assert.Single(host.On(firewall => firewall.GetRules()));
        Assert.True(rule is { Owner: "0123456789ab", Runtime: true, Permanent: false, Drift: false, Port: "8081" });

        host.Sync();
        Assert.True(host.IsOpen(8081));

        host.On(firewall => firewall.CloseForContainer(Container));
        Assert.False(host.IsOpen(8081));
        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }

    [Fact]
    public void ContainerRule_IsIndependentOfAUsersRuleAndOfOtherContainers()
    {
        using FirewallHost host = Host();
        host.Start();
        Open(host, Container, "8080-8090");
        Open(host, Other);
        host.Set("8081", PortRuleScope.Runtime);
        Assert.Equal(3, host.On(firewall => firewall.GetRules()).Count);

        host.Remove("8081");
        Assert.True(host.IsOpen(8081));
        host.On(firewall => firewall.CloseForContainer(Container));
        Assert.True(host.IsOpen(8081));
        host.On(firewall => firewall.RemoveRule(new PortRuleRequest { Port = "8081", Owner = Other }));
        Assert.False(host.IsOpen(8081));
        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }
}
