using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class NetworkRulesTests
{
    private static readonly NetworkOptions s_options = new() { NamespaceFolder = "/run/layerimage/netns" };
    private static readonly IPAddress s_address = IPAddress.Parse("10.89.0.2");

    [Theory]
    [InlineData("8081:8080", "published { 0.0.0.0/0 . tcp . 8081 : 10.89.0.2 . 8080 }")]
    [InlineData("0.0.0.0:53:53/udp", "published { 0.0.0.0/0 . udp . 53 : 10.89.0.2 . 53 }")]
    [InlineData("127.0.0.1:8081:80/sctp", "published { 127.0.0.1 . sctp . 8081 : 10.89.0.2 . 80 }")]
    [InlineData("8000-8999:8000-8999", "published_ranges { 0.0.0.0/0 . tcp . 8000-8999 : 10.89.0.2 }")]
    [InlineData("80-81:90-91", "published { 0.0.0.0/0 . tcp . 80 : 10.89.0.2 . 90 }, published { 0.0.0.0/0 . tcp . 81 : 10.89.0.2 . 91 }")]
    public void Publish_IsOneElementForAPortOrAnUnshiftedRange(string mapping, string expected) =>
        Assert.Equal(expected, string.Join(", ", PublishedElement.Of(s_address, [PortMapping.Parse(mapping)]).Select(element => $"{element.Map} {{ {element} }}")));

    [Theory]
    // Each field fills a register of 4 bytes, in network order.
    [InlineData("8081:8080", "00000000 06000000 1F910000", "FFFFFFFF 06000000 1F910000", "0A590002 1F900000")]
    [InlineData("127.0.0.1:53:54/udp", "7F000001 11000000 00350000", "7F000001 11000000 00350000", "0A590002 00360000")]
    [InlineData("8000-8999:8000-8999/sctp", "00000000 84000000 1F400000", "FFFFFFFF 84000000 23270000", "0A590002")]
    public void Element_InTheKernelsForm(string mapping, string first, string last, string data)
    {
        NftElement element = Assert.Single(PublishedElement.Of(s_address, [PortMapping.Parse(mapping)])).ToKernel();

        Assert.Equal([Convert.FromHexString(first.Replace(" ", "")), Convert.FromHexString(last.Replace(" ", "")), Convert.FromHexString(data.Replace(" ", ""))],
            [element.First, element.Last, element.Data]);
    }

    [Fact]
    public void Unpublish_AddsFirstSoThatAMissingElementIsNoError()
    {
        IReadOnlyList<NetlinkMessage> requests = NetworkRules.Unpublish(s_options, s_address, [PortMapping.Parse("80:8080"), PortMapping.Parse("90-99:90-99")]);

        // The low byte of a message's type: NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM (linux/netfilter/nf_tables.h).
        Assert.Equal([12, 12, 14, 14], requests.Select(request => (int)request.Finish(1)[4]));
    }

    [Fact]
    public void Publish_OfManyShiftedPorts_IsSeveralRequests()
    {
        // An attribute's length has 16 bits: 1,000 elements do not go into one.
        IReadOnlyList<NetlinkMessage> requests = NetworkRules.Publish(s_options, s_address, [PortMapping.Parse("10000-10999:20000-20999")]);

        Assert.Equal(3, requests.Count);
    }

    [Fact]
    public void Publish_RefusesIPv6()
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => NetworkRules.Publish(s_options, s_address, [PortMapping.Parse("[::1]:80:80")]));

        Assert.Equal(EngineError.PortInvalid, error.Error);
    }

    [Fact]
    public void Compose_IsTheSharedTable() =>
        Assert.Equal("""
            add table inet layerimage
            add map inet layerimage published { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; flags interval; }
            add map inet layerimage published_ranges { type ipv4_addr . inet_proto . inet_service : ipv4_addr; flags interval; }
            add set inet layerimage for_containers_only { type nf_proto; }
            add chain inet layerimage raw_prerouting { type filter hook prerouting priority raw; policy accept; }
            add chain inet layerimage prerouting { type nat hook prerouting priority dstnat; policy accept; }
            add chain inet layerimage output { type nat hook output priority -100; policy accept; }
            add chain inet layerimage postrouting { type nat hook postrouting priority srcnat; policy accept; }
            add chain inet layerimage forward { type filter hook forward priority filter; policy accept; }
            flush chain inet layerimage raw_prerouting
            flush chain inet layerimage prerouting
            flush chain inet layerimage output
            flush chain inet layerimage postrouting
            flush chain inet layerimage forward
            add rule inet layerimage raw_prerouting iifname "limg0" ip daddr 127.0.0.0/8 drop comment "route_localnet must not open the host's loopback to containers"
            add rule inet layerimage raw_prerouting iifname "limg0" ip saddr 127.0.0.0/8 drop
            add rule inet layerimage raw_prerouting iifname "limg0" ip saddr != 10.89.0.0/16 drop comment "a forged address would choose the firewall's zone"
            add rule inet layerimage raw_prerouting iifname "limg0" ip6 saddr != { ::, fe80::/10 } drop
            add rule inet layerimage raw_prerouting iifname "limg0" icmpv6 type { nd-router-advert, nd-redirect } drop comment "no container is this host's router"
            add rule inet layerimage prerouting iifname != "lo" ip daddr 127.0.0.0/8 return comment "a port of the loopback is not for other hosts"
            add rule inet layerimage prerouting meta l4proto { tcp, udp, sctp } fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @published
            add rule inet layerimage prerouting meta l4proto { tcp, udp, sctp } fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @published_ranges
            add rule inet layerimage output meta l4proto { tcp, udp, sctp } fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @published
            add rule inet layerimage output meta l4proto { tcp, udp, sctp } fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @published_ranges
            add rule inet layerimage postrouting oifname "limg0" ip saddr 127.0.0.0/8 masquerade comment "the host's loopback to a published port"
            add rule inet layerimage postrouting oifname "limg0" ip saddr 10.89.0.0/16 ct status dnat masquerade comment "a container to a published port"
            add rule inet layerimage postrouting oifname != "limg0" ip saddr 10.89.0.0/16 masquerade comment "containers to the world"
            add rule inet layerimage forward oifname "limg0" iifname != "limg0" ct state new ct status & dnat == 0 drop comment "other hosts reach published ports only"
            add rule inet layerimage forward oifname "limg0" iifname != "limg0" ct state invalid drop comment "nor what belongs to no connection"
            add rule inet layerimage forward iifname != "limg0" oifname != "limg0" meta nfproto @for_containers_only drop comment "the host was no router before"
            add chain inet layerimage version_4
            flush chain inet layerimage version_4
            add rule inet layerimage version_4 accept comment "gone with the other rules when somebody flushes the table"

            """, NetworkRules.Compose(s_options));

    [Fact]
    public void SourceRules_HaveEachCableWithItsAddress() =>
        Assert.Equal("""
            add table bridge layerimage
            add set bridge layerimage ports { type ifname; }
            add set bridge layerimage sources { type ifname . ipv4_addr; }
            add chain bridge layerimage prerouting { type filter hook prerouting priority -300; policy accept; }
            flush chain bridge layerimage prerouting
            add rule bridge layerimage prerouting iifname @ports ether type ip iifname . ip saddr != @sources drop comment "a container's own address only"
            add rule bridge layerimage prerouting iifname @ports ether type arp arp saddr ip != 0.0.0.0 iifname . arp saddr ip != @sources drop
            add element bridge layerimage sources { "lvabc" . 10.89.0.2 }
            add element bridge layerimage ports { "lvabc" }

            """, SourceRules.Compose(s_options, [("lvabc", s_address)]));
}
