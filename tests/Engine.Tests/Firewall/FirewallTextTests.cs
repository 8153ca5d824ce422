using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

public class FirewallTextTests
{
    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("10-9")]
    [InlineData("-1")]
    [InlineData("1-2-3")]
    [InlineData("+80")]
    [InlineData(" 80")]
    [InlineData("80 }; flush ruleset; #")]
    public void PortRange_RefusesWhatIsNone(string? text) =>
        Assert.Equal(EngineError.PortInvalid, Assert.Throws<LayerImageException>(() => PortRange.Parse(text)).Error);

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("10.0.0.0/255.0.0.0", "10.0.0.0/8")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("192.0.2.7/32", "192.0.2.7")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8:0::1/32", "2001:db8::/32")]
    public void SourceAddress_IsCanonical(string text, string expected)
    {
        SourceAddress source = SourceAddress.Parse(text);

        Assert.Equal(expected, source.ToString());
        Assert.Equal(source, SourceAddress.FromKey(source.Key));
    }

    [Theory]
    [InlineData("10.0.0/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/255.0.255.0")]
    [InlineData("fe80::1%eth0")]
    [InlineData("example.org")]
    public void SourceAddress_RefusesWhatIsNone(string text) =>
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => SourceAddress.Parse(text)).Error);

    [Theory]
    [InlineData("ports.public")]
    [InlineData("owned.my-zone_1")]
    [InlineData("ports.work.0a000000.8")]
    public void PortSetKey_NameIsReadBack(string name) => Assert.Equal(name, PortSetKey.FromName(name)!.Name);

    [Fact]
    public void Request_TimeoutIsRuntimeOnly()
    {
        PortRuleRequest timed = new() { Port = "80", Timeout = TimeSpan.FromSeconds(5) };

        Assert.Equal(PortRuleScope.Runtime, PortRuleSpec.From(timed).Scope);
        Assert.Equal(PortRuleScope.Both, PortRuleSpec.From(timed with { Timeout = null }).Scope);
        Assert.Equal(EngineError.ParameterInvalid,
            Assert.Throws<LayerImageException>(() => PortRuleSpec.From(timed with { Scope = PortRuleScope.Both })).Error);
    }

    [Fact]
    public void Services_OfTheBuiltInZonesAreKnown() => Assert.All(
        ZoneDefaults.All.SelectMany(zone => zone.Services).Concat(ServiceDefaults.All.Values.SelectMany(service => service.Includes)),
        service => Assert.Contains(service, ServiceDefaults.All.Keys));

    [Fact]
    public void Unit_StartsTheCommandBeforeTheNetwork()
    {
        string text = FirewallUnit.Text(["/opt/a b/agent", "firewall-start", "--root", "/srv/100%/$x\"y\\z"]);

        Assert.Contains("\nExecStart=\"/opt/a b/agent\" \"firewall-start\" \"--root\" \"/srv/100%%/$$x\\\"y\\\\z\"\n", text);
        Assert.Contains("\nBefore=network-pre.target\n", text);
        Assert.Contains("\nWantedBy=multi-user.target\n", text);
    }
}
