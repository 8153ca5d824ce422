using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Network;
using Xunit;

namespace LayerImage.Engine.Tests.Network;

public sealed class HostPortProbeTests
{
    private const string Table4 = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
           1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
           2: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
        """;

    private const string Table6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: B80D0120000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0000000000000000 100 0 0 10 0
        """;

    [Fact]
    public void Parse_FindsListenersOnly() =>
        Assert.Equal([(IPAddress.Loopback, (ushort)8080, "4711")], HostPortProbe.Parse(Table4, 8080, 8080, PortProtocol.Tcp));

    [Fact]
    public void Parse_FindsAllOfARangeAtOnce() =>
        Assert.Equal([8080, 8081], HostPortProbe.Parse(Table4, 8000, 8081, PortProtocol.Tcp).Select(found => (int)found.Port));

    [Fact]
    public void Parse_ReadsIPv6Addresses()
    {
        Assert.SkipUnless(BitConverter.IsLittleEndian, "the sample was made on a little-endian machine");

        Assert.Equal([(IPAddress.Parse("2001:db8::1"), (ushort)8080, "4714")], HostPortProbe.Parse(Table6, 8080, 8080, PortProtocol.Tcp));
    }

    [Theory]
    [InlineData("127.0.0.1", PortProtocol.Tcp)]
    [InlineData("::1", PortProtocol.Tcp)]
    [InlineData("127.0.0.1", PortProtocol.Udp)]
    public void Find_NamesTheProcessThatListens(string address, PortProtocol protocol)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && (!address.Contains(':') || Socket.OSSupportsIPv6), "needs Linux, and IPv6 for ::1");
        IPAddress own = IPAddress.Parse(address);
        using Socket socket = new(own.AddressFamily, protocol == PortProtocol.Tcp ? SocketType.Stream : SocketType.Dgram, protocol == PortProtocol.Tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        socket.Bind(new IPEndPoint(own, 0));
        if (protocol == PortProtocol.Tcp)
        {
            socket.Listen();
        }
        ushort port = (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;

        PortListener listener = Assert.Single(HostPortProbe.Find(port, port, protocol), found => found.Address.Equals(own));

        Assert.Equal(Environment.ProcessId, listener.ProcessId);
        Assert.False(string.IsNullOrEmpty(listener.ProcessName));
    }

    [Fact]
    public void HostRoutes_ReadTheKernelsTable()
    {
        Assert.SkipUnless(BitConverter.IsLittleEndian, "the sample was made on a little-endian machine");
        const string table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
            + "eth0\t00000000\t010010AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\nlimg0\t0000590A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";

        Assert.Equal([("eth0", IPNetwork.Parse("0.0.0.0/0")), ("limg0", IPNetwork.Parse("10.89.0.0/16"))], HostRoutes.Parse(table));
    }
}
