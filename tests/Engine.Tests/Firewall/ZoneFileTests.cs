using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using Xunit;

namespace LayerImage.Engine.Tests.Firewall;

public class ZoneFileTests
{
    private const string Path = "/etc/layerimage/firewall/zones/public.xml";

    private const string Original = """
        <?xml version="1.0" encoding="utf-8"?>
        <!-- kept -->
        <zone target="DROP" version="7">
          <short>Public</short>
          <description>Mine &amp; yours</description>
          <service name="ssh"/>
          <port port="8000-8010" protocol="tcp"/>
          <new-thing of="firewalld 9"><inner/></new-thing>
          <interface name="eth1"/>
          <source address="10.0.0.0/8"/>
          <rule family="ipv4">
            <source address="192.0.2.0/24"/>
            <port port="5432" protocol="tcp"/>
            <accept/>
          </rule>
          <rule priority="-1"><source address="192.0.2.0/24"/><port port="1" protocol="tcp"/><accept/></rule>
          <forward/>
        </zone>

        """;

    private static ZoneFile Parse(string text) => ZoneFile.Parse("public", Path, new StringReader(text));

    private static PortElement Tcp(string range) => new(FirewallProtocol.Tcp, PortRange.Parse(range));

    [Fact]
    public void Read_UnderstandsWhatIsSupportedAndNamesTheRest()
    {
        ZoneFile file = Parse(Original);
        ZoneSettings zone = file.Read();

        Assert.Equal("DROP", zone.Target);
        Assert.Equal(["eth1"], zone.Interfaces);
        Assert.Equal(["10.0.0.0/8"], zone.Sources);
        Assert.Equal(["ssh"], zone.Services);
        Assert.Equal([Tcp("8000-8010")], zone.Elements(PortSetKey.Of("public")));
        Assert.Equal([Tcp("5432")], zone.Elements(PortSetKey.Of("public", SourceAddress.Parse("192.0.2.0/24"))));
        Assert.Equal(["<new-thing>", "<rule>"], zone.NotSupported);
    }

    [Fact]
    public void RichRules_AreReadInFirewalldsWords()
    {
        ZoneFile file = Parse("""
            <zone>
              <rule family="ipv4" priority="-10"><source address="10.0.0.0/8" invert="True"/><service name="http"/><log prefix="a b" level="info"><limit value="3/m"/></log><audit/><reject type="icmp-admin-prohibited"/></rule>
              <rule><destination ipset="guests"/><masquerade/></rule>
            </zone>
            """);

        Assert.Equal(
        [
            "rule family=\"ipv4\" priority=\"-10\" source NOT address=\"10.0.0.0/8\" service name=\"http\" log prefix=\"a b\" level=\"info\" limit value=\"3/m\" audit reject type=\"icmp-admin-prohibited\"",
            "rule destination ipset=\"guests\" masquerade",
        ], file.Read().RichRules);
        Assert.True(HostRichRule.Parse(file.Read().RichRules[0]) is
            { Priority: -10, Family: "ipv4", Source: "NOT 10.0.0.0/8", Destination: null, Element: "service http", Log: "prefix=\"a b\" level=\"info\" limit value=\"3/m\"", Audit: true, Action: "reject" });
        Assert.True(HostRichRule.Parse(file.Read().RichRules[1]) is { Destination: "ipset guests", Element: "masquerade", Action: null, Audit: false, Log: null });
        Assert.Equal("source-port 68/udp", HostRichRule.Parse("rule source-port port=\"68\" protocol=\"udp\" accept").Element);
    }

    [Fact]
    public void ForwardPorts_AreReadAndChangedInTheirPlace()
    {
        ZoneFile file = Parse("""
            <zone>
              <forward-port port="80" protocol="tcp" to-port="8080"/>
              <forward-port to-addr="2001:db8::1" port="53-54" protocol="udp"/>
              <!-- kept -->
            </zone>
            """);
        ZoneSettings zone = file.Read();
        Assert.Equal(["port=80:proto=tcp:toport=8080:toaddr=", "port=53-54:proto=udp:toport=:toaddr=2001:db8::1"], zone.ForwardPorts.Select(forward => forward.ToString()));
        Assert.Equal(zone.ForwardPorts, zone.ForwardPorts.Select(forward => ForwardPort.Parse(forward.ToString())));
        Assert.Empty(zone.NotSupported);

        file.Change(zone with { ForwardPorts = [zone.ForwardPorts[1], ForwardPort.Parse("port=81:proto=sctp:toport=1-2:toaddr=10.0.0.1")!] });

        Assert.Equal("""
            <?xml version="1.0" encoding="utf-8"?>
            <zone>
              <forward-port to-addr="2001:db8::1" port="53-54" protocol="udp" />
              <forward-port port="81" protocol="sctp" to-port="1-2" to-addr="10.0.0.1" />
              <!-- kept -->
            </zone>

            """, file.ToString());
        Assert.Equal(EngineError.FirewallConfigurationInvalid,
            Assert.Throws<LayerImageException>(() => Parse("<zone><forward-port port='80' protocol='tcp' to-addr='1.2.3.4; drop'/></zone>")).Error);
    }

    [Fact]
    public void Text_WithoutAChangeIsTheSame() => Assert.Equal(Original, Parse(Original).ToString().Replace(" />", "/>"));

    [Fact]
    public void Change_TouchesOnlyThePortsItIsAbout()
    {
        ZoneFile file = Parse(Original);

        file.Change(PortSetKey.Of("public"), new PortSetChange([], [Tcp("9200")]));
        file.Change(PortSetKey.Of("public", SourceAddress.Parse("192.0.2.0/24")), new PortSetChange([Tcp("5432")], []));
        string changed = file.ToString().Replace(" />", "/>");

        Assert.Equal(Original
            .Replace("""<port port="8000-8010" protocol="tcp"/>""", """
                <port port="8000-8010" protocol="tcp"/>
                  <port port="9200" protocol="tcp"/>
                """)
            .Replace("""

                  <rule family="ipv4">
                    <source address="192.0.2.0/24"/>
                    <port port="5432" protocol="tcp"/>
                    <accept/>
                  </rule>
                """, ""), changed);

        file.Change(PortSetKey.Of("public"), new PortSetChange([Tcp("9200")], []));
        Assert.DoesNotContain("9200", file.ToString());
    }

    [Fact]
    public void Default_BecomesAFileThatReadsTheSame()
    {
        ZoneFile file = ZoneFile.FromDefault(ZoneDefaults.Find("public")!, Path);
        file.Change(PortSetKey.Of("public"), new PortSetChange([], [Tcp("9200")]));
        file.Change(PortSetKey.Of("public", SourceAddress.Parse("2001:db8::/32")), new PortSetChange([], [Tcp("80-81")]));

        Assert.Equal("""
            <?xml version="1.0" encoding="utf-8"?>
            <zone>
              <short>Public</short>
              <description>Public places: other computers are not trusted.</description>
              <service name="ssh" />
              <service name="dhcpv6-client" />
              <port port="9200" protocol="tcp" />
              <forward />
              <rule family="ipv6">
                <source address="2001:db8::/32" />
                <port port="80-81" protocol="tcp" />
                <accept />
              </rule>
            </zone>

            """, file.ToString());
        ZoneSettings zone = Parse(file.ToString()).Read();
        Assert.Equal([Tcp("80-81")], zone.Elements(PortSetKey.Of("public", SourceAddress.Parse("2001:db8::/32"))));
    }

    [Theory]
    [InlineData("<zone>\n<port port=\"80\" protocol=\"tcp\">\n</zone>", 3)]
    [InlineData("<zone>\n<port port=\"80\"/>\n</zone>", 2)]
    [InlineData("<zone>\n\n<port port=\"99999\" protocol=\"tcp\"/></zone>", 3)]
    [InlineData("<zone>\n<port port=\"80\" protocol=\"icmp\"/></zone>", 2)]
    [InlineData("<zone>\n<service name='a\" accept; }'/></zone>", 2)]
    [InlineData("<zone>\n<interface name='eth0\" accept'/></zone>", 2)]
    [InlineData("<zone>\n<source address='everyone'/></zone>", 2)]
    [InlineData("<zone target='MAYBE'/>", 1)]
    [InlineData("<service/>", 1)]
    [InlineData("<!DOCTYPE zone [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>\n<zone><short>&a;</short></zone>", 0)]
    [InlineData("", 0)]
    public void Parse_NamesFileAndLineOfAMistake(string text, int line)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Parse(text));

        Assert.Equal(EngineError.FirewallConfigurationInvalid, error.Error);
        Assert.Contains(Path, error.Message);
        Assert.Equal(Path, error.Target);
        if (line > 0)
        {
            Assert.Contains($"line {line}", error.Message);
        }
    }

    [Fact]
    public void Parse_BoundsTheSize() => Assert.Equal(EngineError.FirewallConfigurationInvalid, Assert.Throws<LayerImageException>(
        () => Parse($"<zone><short>{new string('x', FirewallXml.MaxCharacters)}</short></zone>")).Error);
}
