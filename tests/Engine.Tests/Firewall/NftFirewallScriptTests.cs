using LayerImage.Engine.Firewall;
using LayerImage.Engine.Interop.Netlink;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

public class NftFirewallScriptTests
{
    private static PortElement Tcp(string range) => new(FirewallProtocol.Tcp, PortRange.Parse(range));

    [Fact]
    public void Load_OneZone()
    {
        SourceAddress source = SourceAddress.Parse("192.0.2.0/24");
        ZoneSettings zone = new()
        {
            Name = "public",
            Interfaces = ["eth0", "wlan+"],
            Sources = ["10.0.0.0/8", "10.1.0.0/16", "02:00:00:00:00:01"],
            Services = ["ssh", "dhcpv6-client"],
            Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>>
            {
                [PortSetKey.Of("public")] = [Tcp("8000-8010"), Tcp("8005-8020"), new(FirewallProtocol.Udp, PortRange.Parse("53"))],
                [PortSetKey.Of("public", source)] = [Tcp("5432")],
                [PortSetKey.OwnedOf("public")] = [Tcp("8081") with { Owners = "0123456789ab" }],
            },
        };

        string script = NftFirewallScript.Load(NftZoneTable.Firewall, new FirewallState("public", new Dictionary<string, ZoneSettings> { ["public"] = zone }),
            new Dictionary<string, IReadOnlyList<ServiceDefinition>>
            {
                ["ssh"] = [ServiceDefaults.All["ssh"]],
                ["dhcpv6-client"] = [ServiceDefaults.All["dhcpv6-client"]],
            });

        Assert.Equal(NftFirewallScriptGolden.OneZone, script);
    }

    [Fact]
    public void Change_OfATimedElementDoesNotFailWhenItIsGone()
    {
        PortElement timed = Tcp("9200") with { Timeout = TimeSpan.FromSeconds(20), Expires = TimeSpan.FromSeconds(5) };

        Assert.Equal([(true, timed), (false, timed), (true, Tcp("9200-9201"))], NftZoneTable.Steps(new PortSetChange([timed], [Tcp("9200-9201")])));
        Assert.Equal([(false, Tcp("1")), (true, Tcp("2"))], NftZoneTable.Steps(new PortSetChange([Tcp("1")], [Tcp("2")])));
    }

    [Fact]
    public void Change_OfANewSourceMakesItsSetAndRules()
    {
        string script = NftFirewallScript.AddSet(NftZoneTable.Firewall, PortSetKey.Of("work", SourceAddress.Parse("10.0.0.0/8")), [Tcp("80")]);

        Assert.Equal(7, script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("add set inet layerimage_firewall ports.work.0a000000.8 { type inet_proto . inet_service; flags interval,timeout; }\n", script);
        Assert.Contains("add rule inet layerimage_firewall in.work.sources ip saddr 10.0.0.0/8 meta l4proto . th dport @ports.work.0a000000.8 accept\n", script);
        Assert.EndsWith("add element inet layerimage_firewall ports.work.0a000000.8 { tcp . 80 }\n", script);
    }

    [Fact]
    public void Reader_ReadsTheKernelsElementsAndTheRulesComments()
    {
        FirewallState state = NftFirewallReader.Read(NftZoneTable.Firewall, new NftTableContents(new Dictionary<string, IReadOnlyList<NftElement>>
        {
            ["ports.public"] =
            [
                new NftElement([6, 0, 0, 0, 0x1F, 0x40, 0, 0], [6, 0, 0, 0, 0x1F, 0x4A, 0, 0]) { Comment = "0123456789ab" },
                new NftElement([17, 0, 0, 0, 0x23, 0x28, 0, 0], [17, 0, 0, 0, 0x23, 0x28, 0, 0]) { Timeout = TimeSpan.FromSeconds(20), Expires = TimeSpan.FromMilliseconds(19_900) },
                new NftElement([132, 0, 0, 0, 0, 5, 0, 0]), new NftElement([1, 0, 0, 0, 0, 5, 0, 0]), new NftElement([6]),
            ],
            ["somebody.elses"] = [],
        },
        [
            new("input", "bind public interface eth0"), new("input", "bind public default"), new("in.public", "service ssh"), new("in.public", "service ssh"),
            new("in.public", "target DROP"), new("fwd.public", "target DROP"), new("in.public", "forward-port port=80:proto=tcp:toport=8080:toaddr="),
        ]));

        Assert.Equal("public", state.DefaultZone);
        ZoneSettings zone = state.Zones["public"];
        Assert.Equal("DROP", zone.Target);
        Assert.Equal(["eth0"], zone.Interfaces);
        Assert.Equal(["ssh"], zone.Services);
        Assert.Equal(
        [
            Tcp("8000-8010") with { Owners = "0123456789ab" },
            new(FirewallProtocol.Udp, PortRange.Parse("9000")) { Timeout = TimeSpan.FromSeconds(20), Expires = TimeSpan.FromSeconds(19) },
            new(FirewallProtocol.Sctp, PortRange.Parse("5")),
        ], zone.Elements(PortSetKey.Of("public")));
        Assert.Equal(["port=80:proto=tcp:toport=8080:toaddr="], zone.ForwardPorts.Select(forward => forward.ToString()));
        Assert.Equal(zone.Elements(PortSetKey.Of("public")), zone.Elements(PortSetKey.Of("public")).Select(element => NftPortElement.Read(NftPortElement.Write(element))));
    }
}
