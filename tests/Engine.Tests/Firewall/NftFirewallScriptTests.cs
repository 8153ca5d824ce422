using LayerImage.Engine.Firewall;
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

        Assert.Equal("""
            add element inet layerimage_firewall ports.public { tcp . 9200 timeout 20000ms expires 5000ms }
            delete element inet layerimage_firewall ports.public { tcp . 9200 }
            add element inet layerimage_firewall ports.public { tcp . 9200-9201 }

            """, NftFirewallScript.Change(NftZoneTable.Firewall, PortSetKey.Of("public"), new PortSetChange([timed], [Tcp("9200-9201")]), exists: true));
    }

    [Fact]
    public void Change_OfANewSourceMakesItsSetAndRules()
    {
        string script = NftFirewallScript.Change(NftZoneTable.Firewall, PortSetKey.Of("work", SourceAddress.Parse("10.0.0.0/8")), new PortSetChange([], [Tcp("80")]), exists: false);

        Assert.Equal(7, script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("add set inet layerimage_firewall ports.work.0a000000.8 { type inet_proto . inet_service; flags interval,timeout; }\n", script);
        Assert.Contains("add rule inet layerimage_firewall in.work.sources ip saddr 10.0.0.0/8 meta l4proto . th dport @ports.work.0a000000.8 accept\n", script);
        Assert.EndsWith("add element inet layerimage_firewall ports.work.0a000000.8 { tcp . 80 }\n", script);
    }

    [Fact]
    public void Reader_ReadsElementsInAllTheFormsNftWrites()
    {
        const string Json = """
            {"nftables": [{"metainfo": {"json_schema_version": 1}},
            {"set": {"name": "ports.public", "elem": [{"elem": {"val": {"concat": ["tcp", {"range": [8000, 8010]}]}, "comment": "0123456789ab"}},
              {"elem": {"val": {"concat": ["udp", 9000]}, "timeout": 20, "expires": 19}}, {"concat": [132, 5]}]}},
            {"rule": {"chain": "input", "comment": "bind public interface eth0"}},
            {"rule": {"chain": "input", "comment": "bind public default"}},
            {"rule": {"chain": "in.public", "comment": "service ssh"}},
            {"rule": {"chain": "in.public", "comment": "service ssh"}},
            {"rule": {"chain": "in.public", "comment": "target DROP"}},
            {"rule": {"chain": "fwd.public", "comment": "target DROP"}}]}
            """;

        FirewallState state = NftFirewallReader.Parse(NftZoneTable.Firewall, Json);

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
    }
}
