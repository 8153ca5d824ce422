using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class PortMappingTests
{
    [Theory]
    [InlineData("80", null, 0, 80, 1, PortProtocol.Tcp)]
    [InlineData("8081:8080", null, 8081, 8080, 1, PortProtocol.Tcp)]
    [InlineData("0:80", null, 0, 80, 1, PortProtocol.Tcp)]
    [InlineData(":80", null, 0, 80, 1, PortProtocol.Tcp)]
    [InlineData("::80", null, 0, 80, 1, PortProtocol.Tcp)]
    [InlineData("53:53/udp", null, 53, 53, 1, PortProtocol.Udp)]
    [InlineData("53:53/UDP", null, 53, 53, 1, PortProtocol.Udp)]
    [InlineData("99:99/sctp", null, 99, 99, 1, PortProtocol.Sctp)]
    [InlineData("127.0.0.1::80", "127.0.0.1", 0, 80, 1, PortProtocol.Tcp)]
    [InlineData("127.0.0.1:8080:80/tcp", "127.0.0.1", 8080, 80, 1, PortProtocol.Tcp)]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0", 8080, 80, 1, PortProtocol.Tcp)]
    [InlineData("[::1]:80:80", "::1", 80, 80, 1, PortProtocol.Tcp)]
    [InlineData("::1:80:80", "::1", 80, 80, 1, PortProtocol.Tcp)]
    [InlineData("[2001:db8::1]::80", "2001:db8::1", 0, 80, 1, PortProtocol.Tcp)]
    [InlineData("8000-8010:9000-9010", null, 8000, 9000, 11, PortProtocol.Tcp)]
    [InlineData("3000-3005", null, 0, 3000, 6, PortProtocol.Tcp)]
    [InlineData("1-65535:1-65535/udp", null, 1, 1, 65535, PortProtocol.Udp)]
    public void Parse_TakesTheWholeGrammar(string text, string? address, int host, int container, int count, PortProtocol protocol)
    {
        PortMapping expected = new()
        {
            HostAddress = address is null ? null : IPAddress.Parse(address),
            HostPort = (ushort)host,
            ContainerPort = (ushort)container,
            Count = (ushort)count,
            Protocol = protocol,
        };

        PortMapping mapping = PortMapping.Parse(text);

        Assert.Equal(expected, mapping);
        Assert.Equal(mapping, PortMapping.Parse(mapping.ToString()));
    }

    [Fact]
    public void Parse_HostRangeToOnePort_AsksForTheFirstFree()
    {
        PortMapping mapping = PortMapping.Parse("8000-8010:80");

        Assert.Equal(new PortMapping { HostPort = 8000, HostPortLast = 8010, ContainerPort = 80 }, mapping);
        Assert.False(mapping.IsChosen);
        Assert.Equal("8000-8010:80", mapping.ToString());
    }

    [Theory]
    [InlineData("8081:8080/tcp", "8081:8080")]
    [InlineData("::80/udp", "80/udp")]
    [InlineData("::1:80:80", "[::1]:80:80")]
    [InlineData("8000-8000:80-80", "8000:80")]
    [InlineData("127.0.0.1::80-81", "127.0.0.1::80-81")]
    public void ToString_IsTheShortestDockerSyntax(string text, string expected) => Assert.Equal(expected, PortMapping.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("http")]
    [InlineData("0")]
    [InlineData("80:")]
    [InlineData("80:0")]
    [InlineData("65536")]
    [InlineData("-1:80")]
    [InlineData("+80")]
    [InlineData(" 80")]
    [InlineData("80/icmp")]
    [InlineData("80/")]
    [InlineData("80-79")]
    [InlineData("8000-8010:80-81")]
    [InlineData("8000:80-81")]
    [InlineData("0-5:80")]
    [InlineData("1:80:80")]
    [InlineData("256.0.0.1:80:80")]
    [InlineData("127.1:80:80")]
    [InlineData("[127.0.0.1]:80:80")]
    [InlineData("localhost:80:80")]
    [InlineData("[fe80::1%eth0]:80:80")]
    [InlineData("127.0.0.1:80:80:80")]
    public void Parse_RefusesTheRestWithAdvice(string text)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => PortMapping.Parse(text));

        Assert.Equal(EngineError.PortInvalid, error.Error);
        Assert.Equal(text, error.Target);
        Assert.Contains("8081:8080", error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("80:80", "80:81", true)]
    [InlineData("80:80", "80:80/udp", false)]
    [InlineData("127.0.0.1:80:80", "80:80", true)]
    [InlineData("127.0.0.1:80:80", "0.0.0.0:80:80", true)]
    [InlineData("127.0.0.1:80:80", "127.0.0.2:80:80", false)]
    [InlineData("8000-8010:8000-8010", "8010:80", true)]
    [InlineData("8000-8010:8000-8010", "8011:80", false)]
    public void Overlaps_LooksAtAddressProtocolAndPorts(string one, string other, bool expected)
    {
        Assert.Equal(expected, PortMapping.Parse(one).Overlaps(PortMapping.Parse(other)));
        Assert.Equal(expected, PortMapping.Parse(other).Overlaps(PortMapping.Parse(one)));
    }
}
