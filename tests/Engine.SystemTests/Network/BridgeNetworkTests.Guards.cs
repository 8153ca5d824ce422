using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using Xunit;

namespace LayerImage.Engine.SystemTests.Network;

/// <summary>What a container, or another host, must not be able to do to this one by packets of its own making.</summary>
public sealed partial class BridgeNetworkTests
{
    [Fact]
    public async Task RouteLocalnet_DoesNotOpenTheHostsLoopback_WhenTheRulesAreFlushed()
    {
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 6), "needs Linux 6.6");
        string web = await _network.AddContainerAsync("web", Web, 80);
        _network.Publish("web", Web, "8081:80");
        using EchoServer secret = EchoServer.StartTcp("secret", IPAddress.Loopback, 9999);
        await LeadLoopbackOutAsync(web, "10.93.0.1");
        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, 8081), StringComparison.Ordinal); // it takes nothing that is to pass

        new NftProgram().Run($"flush chain inet {_network.Options.TableName} raw_prerouting", EngineError.NetworkFailed);

        Assert.Equal("TimedOut", AskFrom(web, Loopback, 9999, patience: 1000));
    }

    [Fact]
    public async Task RouteLocalnet_DoesNotOpenTheHostsLoopbackToContainers()
    {
        await _network.DisposeAsync();
        _network = await TestNetwork.CreateAsync(oldKernel: true); // where the rules are alone
        string web = await _network.AddContainerAsync("web", Web);
        using EchoServer secret = EchoServer.StartTcp("secret", IPAddress.Loopback, 9999);
        await LeadLoopbackOutAsync(web, "10.93.0.1");

        Assert.Equal("TimedOut", AskFrom(web, Loopback, 9999, patience: 1000));

        // The same attempt succeeds without the rule, so it is the rule that stops it.
        new NftProgram().Run($"flush chain inet {_network.Options.TableName} raw_prerouting", EngineError.NetworkFailed);
        Assert.StartsWith("secret", AskFrom(web, Loopback, 9999), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RouterAdvertisementOfAContainer_GivesTheHostAndOthersNoRoute()
    {
        string web = await _network.AddContainerAsync("web", Web);
        string other = await _network.AddContainerAsync("other", Other);

        NetworkThread.Run(web, RouterAdvertisement.Send);

        Assert.DoesNotContain("20010db8bad0", File.ReadAllText("/proc/thread-self/net/ipv6_route"), StringComparison.Ordinal);
        Assert.DoesNotContain("20010db8bad0", NetworkThread.Run(other, () => File.ReadAllText("/proc/thread-self/net/ipv6_route")), StringComparison.Ordinal);

        // Who believes it has the route, without the rule that drops it (bridged frames pass it where br_netfilter is on).
        new NftProgram().Run($"flush chain inet {_network.Options.TableName} raw_prerouting", EngineError.NetworkFailed);
        NetworkThread.Run(web, () =>
        {
            NetworkThread.Run(other, () => { File.WriteAllText("/proc/sys/net/ipv6/conf/eth0/accept_ra", "1"); return true; });
            return RouterAdvertisement.Send();
        });
        Assert.Contains("20010db8bad0", NetworkThread.Run(other, () => File.ReadAllText("/proc/thread-self/net/ipv6_route")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureReady_LinksBelieveNoNeighbour()
    {
        string web = await _network.AddContainerAsync("web", Web);
        string bridge = _network.Options.BridgeName;
        Assert.Equal("0 0 0 0 0", Trust(bridge));
        Assert.Equal("0 0 0 0 0", Trust("lvweb"));
        Assert.Equal("0 0 0 0 0", NetworkThread.Run(web, () => Trust("eth0")));
        // What `sysctl --system` does where a file says so of all links.
        File.WriteAllText($"/proc/sys/net/ipv6/conf/{bridge}/accept_ra", "1");
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{bridge}/send_redirects", "1");

        Assert.False(_network.Backend.EnsureReady());

        Assert.Equal("0 0 0 0 0", Trust(bridge));
    }

    [Theory]
    [InlineData("198.51.100.7")] // that the firewall may have in a zone of its own
    [InlineData(Other)]
    public async Task ForgedSourceAddress_ReachesNobody(string forged)
    {
        string web = await _network.AddContainerAsync("web", Web);
        string other = await _network.AddContainerAsync("other", Other);
        using Socket host = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        host.Bind(new IPEndPoint(IPAddress.Any, 7070));
        File.WriteAllText("/proc/sys/net/ipv4/conf/all/rp_filter", "0"); // which would refuse some of it where a distribution sets it
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{_network.Options.BridgeName}/rp_filter", "0");
        SendFrom(web, Web);
        Assert.Equal(Web, Sender(host));

        SendFrom(web, forged);
        Assert.Null(Sender(host, 1000));

        // A flushed ruleset is restored with the cables that there are.
        new NftProgram().Run($"delete table inet {_network.Options.TableName}; delete table bridge {_network.Options.TableName}", EngineError.NetworkFailed);
        Assert.True(_network.Backend.EnsureReady());
        SendFrom(web, forged);
        Assert.Null(Sender(host, 1000));
        SendFrom(other, Other);
        Assert.Equal(Other, Sender(host));

        // The same attempt succeeds without the rules.
        new NftProgram().Run($"flush chain inet {_network.Options.TableName} raw_prerouting; flush chain bridge {_network.Options.TableName} prerouting", EngineError.NetworkFailed);
        SendFrom(web, forged);
        Assert.Equal(forged, Sender(host));
    }

    [Fact]
    public async Task ForgedArp_DoesNotTakeAnothersAddress()
    {
        string web = await _network.AddContainerAsync("web", Web);
        await _network.AddContainerAsync("other", Other, 80);
        string third = await _network.AddContainerAsync("third", "10.93.0.4");

        // "third" answers for the address of "other", too.
        await RunInAsync(third, $"ip addr add {Other}/16 dev eth0");

        for (int i = 0; i < 8; i++)
        {
            await RunInAsync(web, "ip neigh flush dev eth0");
            Assert.StartsWith("other 80", AskFrom(web, Other, 80), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task PacketsOfNoConnection_DoNotReachContainers()
    {
        string web = await _network.AddContainerAsync("web", Web, 80);
        using Socket seen = NetworkThread.Run(web, () => new Socket(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Tcp));
        seen.Bind(new IPEndPoint(IPAddress.Any, 0));

        NetworkThread.Run(_network.PeerPath, SendSynFin);
        Assert.Null(Sender(seen, 1000));

        new NftProgram().Run($"flush chain inet {_network.Options.TableName} forward", EngineError.NetworkFailed);
        NetworkThread.Run(_network.PeerPath, SendSynFin);
        Assert.Equal("192.0.2.2", Sender(seen));
    }

    [Fact]
    public async Task Forwarding_IsForContainersOnly_AndEndsWithTheLast()
    {
        await StartAsync(forwarding: "0", acceptRedirects: "0");
        await _network.AddHostAsync(_network["lan"], "limglan", "198.51.100.1", "198.51.100.2");
        using EchoServer lan = NetworkThread.Run(_network["lan"], () => EchoServer.StartTcp("lan", IPAddress.Any, 7000));

        _network.Backend.EnsureReady();
        string web = await _network.AddContainerAsync("web", Web, 80);
        await _network.AddContainerAsync("other", Other);
        Assert.Equal("1", File.ReadAllText(IpForward).Trim());
        Assert.Equal("TimedOut", AskFrom(_network.PeerPath, "198.51.100.2", 7000, patience: 1000));
        Assert.StartsWith("lan 7000", AskFrom(web, "198.51.100.2", 7000), StringComparison.Ordinal);

        // Who flushes the ruleset does not make a router of the host for longer than to the next look.
        new NftProgram().Run($"delete table inet {_network.Options.TableName}", EngineError.NetworkFailed);
        Assert.StartsWith("lan 7000", AskFrom(_network.PeerPath, "198.51.100.2", 7000), StringComparison.Ordinal);
        Assert.True(_network.Backend.EnsureReady());
        Assert.Equal("TimedOut", AskFrom(_network.PeerPath, "198.51.100.2", 7000, patience: 1000));

        await _network.Backend.DetachAsync("other", CancellationToken.None);
        Assert.Equal("1", File.ReadAllText(IpForward).Trim());
        await _network.Backend.DetachAsync("web", CancellationToken.None);
        Assert.Equal("0", File.ReadAllText(IpForward).Trim());
        Assert.Equal("0", File.ReadAllText("/proc/sys/net/ipv4/conf/all/accept_redirects").Trim());

        // From now on the administrator wants a router.
        File.WriteAllText(IpForward, "1");
        Assert.StartsWith("lan 7000", AskFrom(_network.PeerPath, "198.51.100.2", 7000), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forwarding_OfAHostThatForwards_IsLeftAsItIs()
    {
        await StartAsync(forwarding: "1");
        await _network.AddHostAsync(_network["lan"], "limglan", "198.51.100.1", "198.51.100.2");
        using EchoServer lan = NetworkThread.Run(_network["lan"], () => EchoServer.StartTcp("lan", IPAddress.Any, 7000));

        await _network.AddContainerAsync("web", Web, 80);
        Assert.StartsWith("lan 7000", AskFrom(_network.PeerPath, "198.51.100.2", 7000), StringComparison.Ordinal);
        await _network.Backend.DetachAsync("web", CancellationToken.None);

        Assert.Equal("1", File.ReadAllText(IpForward).Trim());
    }

    [Fact]
    public async Task OtherHosts_ReachPublishedPortsOnly()
    {
        string web = await _network.AddContainerAsync("web", Web, 80);

        Assert.Equal("TimedOut", AskFrom(_network.PeerPath, Web, 80, patience: 1000));
        using EchoServer world = NetworkThread.Run(_network.PeerPath, () => EchoServer.StartTcp("world", IPAddress.Any, 7000));
        Assert.Equal($"world 7000 {TestNetwork.HostAddress}", AskFrom(web, "192.0.2.2", 7000));
    }

    [Fact]
    public async Task Publish_OnTheLoopback_IsNotForOtherHosts()
    {
        await _network.AddContainerAsync("web", Web, 80);
        _network.Publish("web", Web, "127.0.0.1:8081:80");

        // A neighbour that sends packets for 127.0.0.1 over the cable.
        await LeadLoopbackOutAsync(_network.PeerPath, TestNetwork.HostAddress);

        Assert.Equal("TimedOut", AskFrom(_network.PeerPath, Loopback, 8081, patience: 1000));
    }

    private async Task StartAsync(string forwarding, string acceptRedirects = "1")
    {
        await _network.DisposeAsync();
        File.WriteAllText(IpForward, forwarding);
        File.WriteAllText("/proc/sys/net/ipv4/conf/all/accept_redirects", acceptRedirects); // after the other, which sets it too
        _network = await TestNetwork.CreateAsync();
    }

    private static string Trust(string link) => string.Join(' ', new[]
    {
        $"ipv6/conf/{link}/accept_ra", $"ipv6/conf/{link}/autoconf", $"ipv6/conf/{link}/accept_redirects",
        $"ipv4/conf/{link}/accept_redirects", $"ipv4/conf/{link}/send_redirects",
    }.Select(name => File.ReadAllText($"/proc/sys/net/{name}").Trim()));

    // One datagram to port 7070 of the host, with a source address of the sender's choice (ip(7): IP_TRANSPARENT).
    private static int SendFrom(string path, string source) => NetworkThread.Run(path, () =>
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.SetRawSocketOption(optionLevel: 0, optionName: 19, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(IPAddress.Parse(source), 0));
        return socket.SendTo([1], new IPEndPoint(IPAddress.Parse("10.93.0.1"), 7070));
    });

    // A TCP segment with SYN and FIN: of no connection, and no beginning of one either.
    private static int SendSynFin()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Raw, ProtocolType.Tcp);
        byte[] segment = [0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x03, 0x20, 0, 0, 0, 0, 0];
        return socket.SendTo(segment, new IPEndPoint(IPAddress.Parse(Web), 80));
    }

    private static async Task RunInAsync(string path, string script) =>
        await ProcessRunner.RunCheckedAsync(EngineError.NetworkFailed, ["nsenter", $"--net={path}", "sh", "-ec", script], null, CancellationToken.None);

    // Who sent what comes next; null for nobody. A busy machine takes its time with what is expected.
    private static string? Sender(Socket host, int patience = 20_000)
    {
        host.ReceiveTimeout = patience;
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            host.ReceiveFrom(new byte[100], ref from);
            return ((IPEndPoint)from).Address.ToString();
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>Makes a namespace send its packets for 127.0.0.1 to a gateway.</summary>
    private static async Task LeadLoopbackOutAsync(string path, string gateway)
    {
        string script = $"echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet; ip addr del 127.0.0.1/8 dev lo; ip link set lo down; ip route add 127.0.0.1 via {gateway} dev eth0 src $(ip -4 -o addr show eth0 | awk '{{split($4,a,\"/\");print a[1]}}')";
        await RunInAsync(path, script);
    }
}
