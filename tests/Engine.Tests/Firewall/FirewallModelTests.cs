using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

/// <summary>What zones and rules mean, whoever applies them.</summary>
public sealed class FirewallModelTests
{
    private static readonly Dictionary<string, ServiceDefinition> s_services = new()
    {
        ["web"] = new ServiceDefinition("web") { Ports = [Port("80")] },
        ["all"] = new ServiceDefinition("all") { Includes = ["web", "loop"] },
        ["loop"] = new ServiceDefinition("loop") { Ports = [Port("90")], Includes = ["all"] },
    };

    private static PortElement Port(string ports, FirewallProtocol protocol = FirewallProtocol.Tcp) => new(protocol, PortRange.Parse(ports));

    private static ZoneSettings Zone(string name, params PortElement[] ports) => new() { Name = name, Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>> { [PortSetKey.Of(name)] = ports } };

    private static FirewallState State(params ZoneSettings[] zones) => new(zones[0].Name, zones.ToDictionary(zone => zone.Name));

    private static PortOpenings Openings(FirewallState state) => new(state, RuleList.Merge(state, state), s_services.GetValueOrDefault);

    [Fact]
    public void Rules_OfTheTwoConfigurations_StandSideBySide()
    {
        FirewallState running = State(Zone("public", Port("80"), Port("90"), Port("95") with { Timeout = TimeSpan.FromMinutes(1) })), permanent = State(Zone("public", Port("80"), Port("85")));

        Assert.Equal(
            ["80 True True False", "85 False True True", "90 True False True", "95 True False False"],
            RuleList.Merge(running, permanent).Select(rule => $"{rule.Port} {rule.Runtime} {rule.Permanent} {rule.Drift}"));
        Assert.Equal(["80 False True False", "85 False True False"], RuleList.Merge(null, permanent).Select(rule => $"{rule.Port} {rule.Runtime} {rule.Permanent} {rule.Drift}"));
    }

    [Fact]
    public void Rules_OfContainers_HaveTheirOwners()
    {
        ZoneSettings zone = Zone("public", Port("80")) with
        {
            Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>> { [PortSetKey.Of("public")] = [Port("80")], [PortSetKey.OwnedOf("public")] = [Port("80") with { Owners = "one,two" }] },
        };

        Assert.Equal([null, "one", "two"], RuleList.Merge(State(zone), State(Zone("public"))).Select(rule => rule.Owner));
    }

    [Theory]
    [InlineData(80, "rule")]
    [InlineData(90, "service all")]
    [InlineData(70, null)]
    public void Opening_SaysWhatLetsAPortIn(int port, string? expected)
    {
        FirewallState state = State(Zone("public", Port("80")) with { Services = ["all"] });

        HostPortOpening? opening = Openings(state).Find(new PortRange(port, port), FirewallProtocol.Tcp, null).Single();

        Assert.Equal(expected, opening is null ? null : opening.Rule is not null ? "rule" : $"service {opening.Service}");
        Assert.Null(Openings(state).Find(new PortRange(port, port), FirewallProtocol.Udp, null).Single());
    }

    [Fact]
    public void Opening_OfAZoneThatNothingIsBoundTo_CountsOnlyWhenItIsAskedFor()
    {
        FirewallState state = State(Zone("public"), Zone("work", Port("80")), Zone("home", Port("90")) with { Interfaces = ["eth1"] }, Zone("open") with { Target = "ACCEPT" });
        PortOpenings openings = Openings(state);

        Assert.Null(openings.Find(new PortRange(80, 80), FirewallProtocol.Tcp, null).Single());
        Assert.Equal("work", openings.Find(new PortRange(80, 80), FirewallProtocol.Tcp, "WORK").Single()!.Zone);
        Assert.Equal("home", openings.Find(new PortRange(90, 90), FirewallProtocol.Tcp, null).Single()!.Zone);
        Assert.True(openings.Find(new PortRange(1, 1), FirewallProtocol.Tcp, "open").Single()!.ByZoneTarget);
        Assert.Equal(EngineError.ZoneNotFound, Assert.Throws<LayerImageException>(() => openings.Find(new PortRange(1, 1), FirewallProtocol.Tcp, "nosuch")).Error);
    }

    [Theory]
    [InlineData("10.1.2.3", "eth0", "office")] // the narrowest network
    [InlineData("10.9.0.1", "eth0", "company")]
    [InlineData("192.0.2.1", "eth1", "inside")]
    [InlineData("192.0.2.1", "wlan3", "air")]
    [InlineData("192.0.2.1", "eth0", "public")]
    [InlineData(null, null, "public")]
    public void Zone_IsChosenByAddressThenByInterface(string? client, string? interfaceName, string expected)
    {
        FirewallState state = State(Zone("public"), Zone("company") with { Sources = ["10.0.0.0/8"] }, Zone("office") with { Sources = ["10.1.0.0/16"] },
            Zone("inside") with { Interfaces = ["eth1"] }, Zone("air") with { Interfaces = ["wlan+"] });

        Assert.Equal(expected, state.ZoneOf(client is null ? null : IPAddress.Parse(client), interfaceName).Name);
    }

    [Fact]
    public void CutOff_NamesWhoWasInAndIsOutAfterwards()
    {
        FirewallState state = State(Zone("public") with { Services = ["web"] }, Zone("block"));
        HostConnection web = new(80, FirewallProtocol.Tcp, IPAddress.Parse("192.0.2.1"), "eth0"), never = web with { Port = 22 };

        Assert.Equal([web], CutOff.Find(state, null, "block", [web, never], Openings));
        Assert.Empty(CutOff.Find(state, null, "public", [web, never], Openings));
        Assert.Equal([web], CutOff.Find(state, new ZoneRequest { Zone = "public", RemoveServices = ["web"], Scope = PortRuleScope.Runtime }, null, [web], Openings));
        Assert.Empty(CutOff.Find(state, new ZoneRequest { Zone = "public", RemoveServices = ["web"], Scope = PortRuleScope.Permanent }, null, [web], Openings));
    }

    [Fact]
    public void Services_AreFollowedToWhatTheyInclude_AlsoInACircle()
    {
        Dictionary<string, IReadOnlyList<ServiceDefinition>> resolved = ServiceResolver.Resolve([Zone("public") with { Services = ["all", "nosuch"] }], (name, _) => s_services.GetValueOrDefault(name));

        Assert.Equal(["all", "web", "loop"], resolved["all"].Select(service => service.Name));
        Assert.Empty(resolved["nosuch"]);
    }

    [Theory]
    [InlineData("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"8000-8010\" protocol=\"tcp\" accept", true)]
    [InlineData("rule family=\"ipv6\" source address=\"2001:db8::/32\" port port=\"53\" protocol=\"udp\" accept", true)]
    [InlineData("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"80\" protocol=\"tcp\" reject", false)]
    [InlineData("rule family=\"ipv4\" source NOT address=\"10.0.0.0/8\" port port=\"80\" protocol=\"tcp\" accept", false)]
    [InlineData("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"80\" protocol=\"tcp\" log accept", false)]
    [InlineData("rule priority=\"1\" family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"80\" protocol=\"tcp\" accept", false)]
    [InlineData("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"0\" protocol=\"tcp\" accept", false)]
    [InlineData("", false)]
    public void RichRule_OfAPortForASource_IsReadAsOne(string text, bool isOne) => Assert.Equal(isOne ? text : null, FirewalldRichRule.ReadPort(text)?.ToString());

    [Theory]
    [InlineData("rule family=\"ipv4\" source address=\"10.0.0.0/8\" service name=\"http\" log prefix=\"a b\" level=\"info\" accept", "ipv4|10.0.0.0/8||service http|prefix=\"a b\" level=\"info\"|accept")]
    [InlineData("rule priority=\"-5\" source NOT address=\"192.0.2.1\" drop", "|NOT 192.0.2.1||||drop")]
    [InlineData("rule source ipset=\"bad\" destination address=\"10.0.0.1\" port port=\"80\" protocol=\"tcp\" reject type=\"icmp-port-unreachable\"", "|ipset bad|10.0.0.1|port 80/tcp||reject")]
    [InlineData("rule masquerade", "|||masquerade||")]
    [InlineData("rule forward-port port=\"80\" protocol=\"tcp\" to-port=\"8080\"", "|||forward-port port=80:protocol=tcp:to-port=8080||")]
    public void RichRule_IsAnObject(string text, string expected)
    {
        HostRichRule rule = HostRichRule.Parse(text);

        Assert.Equal((text, expected), (rule.ToString(), $"{rule.Family}|{rule.Source}|{rule.Destination}|{rule.Element}|{rule.Log}|{rule.Action}"));
    }

    [Theory]
    [InlineData("ports.public")]
    [InlineData("owned.public")]
    [InlineData("ports.work.10_0_0_0_8", false)]
    [InlineData("else.public", false)]
    [InlineData("", false)]
    public void PortSet_IsToldByItsName(string name, bool isOne = true)
    {
        Assert.Equal(isOne ? name : null, PortSetKey.FromName(name)?.Name);
        Assert.All((SourceAddress[])[SourceAddress.Parse("10.0.0.0/8"), SourceAddress.Parse("2001:db8::1")], source => Assert.Equal(PortSetKey.Of("work", source), PortSetKey.FromName(PortSetKey.Of("work", source).Name)));
    }
}
