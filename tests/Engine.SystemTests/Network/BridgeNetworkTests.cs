using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Network;

[Collection("host network")]
public sealed partial class BridgeNetworkTests : IAsyncLifetime
{
    private const string Web = "10.93.0.2", Other = "10.93.0.3", Loopback = "127.0.0.1", IpForward = "/proc/sys/net/ipv4/ip_forward";

    private TestNetwork _network = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Requires.PrivateNetwork is not null, Requires.PrivateNetwork ?? "");
        _network = await TestNetwork.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(ProtocolType.Tcp, "8081:80")]
    [InlineData(ProtocolType.Udp, "8081:80/udp")]
    public async Task Publish_ReachesTheContainerFromEverywhere(ProtocolType protocol, string mapping)
    {
        string web = await _network.AddContainerAsync("web", Web, 80);
        string other = await _network.AddContainerAsync("other", Other);

        _network.Publish("web", Web, mapping);

        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, 8081, protocol), StringComparison.Ordinal);
        Assert.StartsWith("web 80", EchoServer.Ask(TestNetwork.HostAddress, 8081, protocol), StringComparison.Ordinal);
        Assert.StartsWith("web 80", EchoServer.Ask("10.93.0.1", 8081, protocol), StringComparison.Ordinal);
        // Another host keeps its address: the server's log tells who came.
        Assert.Equal("web 80 192.0.2.2", AskFrom(_network.PeerPath, TestNetwork.HostAddress, 8081, protocol));
        Assert.StartsWith("web 80", AskFrom(web, TestNetwork.HostAddress, 8081, protocol), StringComparison.Ordinal);
        Assert.StartsWith("web 80", AskFrom(other, TestNetwork.HostAddress, 8081, protocol), StringComparison.Ordinal);
        Assert.StartsWith("web 80", AskFrom(other, "10.93.0.1", 8081, protocol), StringComparison.Ordinal);
        Assert.Equal("web 80 10.93.0.3", AskFrom(other, Web, 80, protocol));
    }

    [Fact]
    public async Task Publish_OnOneAddress_AnswersOnlyThere()
    {
        await _network.AddContainerAsync("web", Web, 80);

        _network.Publish("web", Web, "127.0.0.1:8081:80");

        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, 8081), StringComparison.Ordinal);
        Assert.Equal("ConnectionRefused", EchoServer.Ask(TestNetwork.HostAddress, 8081));
        Assert.Equal("ConnectionRefused", AskFrom(_network.PeerPath, TestNetwork.HostAddress, 8081));
    }

    [Fact]
    public async Task Publish_Range_KeepsEachPortAndIsOneElement()
    {
        await _network.AddContainerAsync("web", Web, 8000, 8005, 8999);

        _network.Publish("web", Web, "8000-8999:8000-8999");

        Assert.StartsWith("web 8000", EchoServer.Ask(Loopback, 8000), StringComparison.Ordinal);
        Assert.StartsWith("web 8005", AskFrom(_network.PeerPath, TestNetwork.HostAddress, 8005), StringComparison.Ordinal);
        Assert.StartsWith("web 8999", EchoServer.Ask(TestNetwork.HostAddress, 8999), StringComparison.Ordinal);
        Assert.Contains("\"elem\": [[{\"concat\": [{\"prefix\": {\"addr\": \"0.0.0.0\", \"len\": 0}}, \"tcp\", {\"range\": [8000, 8999]}]}, \"10.93.0.2\"]]",
            _network.PublishedElements(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_ShiftedRange_KeepsTheOffset()
    {
        await _network.AddContainerAsync("web", Web, 9000, 9002);

        _network.Publish("web", Web, "8000-8002:9000-9002");

        Assert.StartsWith("web 9000", EchoServer.Ask(Loopback, 8000), StringComparison.Ordinal);
        Assert.StartsWith("web 9002", EchoServer.Ask(Loopback, 8002), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_TensOfThousandsOfShiftedPorts_IsAllOrNothing()
    {
        // More than a socket's buffer and an attribute hold at once.
        await _network.AddContainerAsync("web", Web, 30000, 49999);
        _network.Publish("other", Other, "19999:80");

        LayerImageException error = Assert.Throws<LayerImageException>(() => _network.Publish("web", Web, "10000-29999:30000-49999"));
        Assert.Equal(EngineError.PortInUse, error.Error);
        Assert.DoesNotContain("10000", _network.PublishedElements(), StringComparison.Ordinal);
        _network.Unpublish("other", Other, "19999:80");
        _network.Publish("web", Web, "10000-29999:30000-49999");

        Assert.StartsWith("web 30000", EchoServer.Ask(Loopback, 10000), StringComparison.Ordinal);
        Assert.StartsWith("web 49999", EchoServer.Ask(Loopback, 29999), StringComparison.Ordinal);
    }

    [Fact]
    public void Publish_WithoutTheRules_SaysWhatIsMissing()
    {
        BridgeNetwork unready = new(_network.Options with { TableName = "layerimage_none" });

        LayerImageException error = Assert.Throws<LayerImageException>(() => unready.Publish("web", IPAddress.Parse(Web), [PortMapping.Parse("8081:80")]));

        Assert.Equal(EngineError.NetworkFailed, error.Error);
        Assert.Contains("layerimage_none", error.Message, StringComparison.Ordinal);
        unready.Unpublish("web", IPAddress.Parse(Web), [PortMapping.Parse("8081:80")]);
    }

    [Fact]
    public async Task Unpublish_ClosesAndIsIdempotent()
    {
        await _network.AddContainerAsync("web", Web, 80);
        _network.Publish("web", Web, "8081:80", "9000-9010:9000-9010");

        _network.Unpublish("web", Web, "8081:80", "9000-9010:9000-9010");
        _network.Unpublish("web", Web, "8081:80", "9000-9010:9000-9010");

        Assert.Equal("ConnectionRefused", EchoServer.Ask(Loopback, 8081));
        Assert.DoesNotContain("elem", _network.PublishedElements(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpublish_LeavesAPortThatAnotherContainerHasByNow()
    {
        await _network.AddContainerAsync("other", Other, 80);
        _network.Publish("web", Web, "8082:80");
        _network.Publish("other", Other, "8081:80");

        _network.Unpublish("web", Web, "8081:80", "8082:80");

        Assert.StartsWith("other 80", EchoServer.Ask(Loopback, 8081), StringComparison.Ordinal);
        Assert.DoesNotContain("8082", _network.PublishedElements(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Publish_Udp_TurnsFlowsThatNeverPause(bool oldKernel)
    {
        _network.Backend = new BridgeNetwork(_network.Options, oldKernel);
        await _network.AddContainerAsync("web", Web, 80);
        await _network.AddContainerAsync("other", Other, 80);
        using Socket client = NetworkThread.Run(_network.PeerPath, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 1000 });
        using Socket held = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        held.Bind(new IPEndPoint(IPAddress.Any, 8081));
        Assert.Equal("TimedOut", AskAgain(client));

        _network.Publish("web", Web, "8081:80/udp");
        Assert.StartsWith("web", AskAgain(client), StringComparison.Ordinal);
        _network.Unpublish("web", Web, "8081:80/udp");
        Assert.Equal("TimedOut", AskAgain(client));
        _network.Publish("other", Other, "8081:80/udp");
        Assert.StartsWith("other", AskAgain(client), StringComparison.Ordinal);
    }

    [Fact]
    public void Publish_ATakenPort_PublishesNoneOfThem()
    {
        _network.Publish("other", Other, "8081:80");

        LayerImageException error = Assert.Throws<LayerImageException>(() => _network.Publish("web", Web, "8080:80", "127.0.0.1:8081:80"));

        Assert.Equal(EngineError.PortInUse, error.Error);
        Assert.DoesNotContain("8080", _network.PublishedElements(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_AReservedPort_ReachesTheContainerAllTheSame()
    {
        await _network.AddContainerAsync("web", Web, 80);
        using PortReservation reservation = PortReservation.Reserve([PortMapping.Parse("80"), PortMapping.Parse("80/udp")], []);
        ushort tcp = reservation.Mappings[0].HostPort, udp = reservation.Mappings[1].HostPort;

        _network.Publish("web", Web, [.. reservation.Mappings.Select(mapping => mapping.ToString())]);

        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, tcp), StringComparison.Ordinal);
        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, udp, ProtocolType.Udp), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureReady_RestoresTheRulesAndKeepsPublishedPorts()
    {
        await _network.AddContainerAsync("web", Web, 80);
        _network.Publish("web", Web, "8081:80");

        Assert.False(_network.Backend.EnsureReady());
        // What a table of another version looks like.
        new NftProgram().Run($"delete chain inet {_network.Options.TableName} version_{NetworkRules.Version}; flush chain inet {_network.Options.TableName} output", EngineError.NetworkFailed);
        Assert.True(_network.Backend.EnsureReady());

        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, 8081), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EnsureReady_MayRunManyTimesAtOnce()
    {
        await _network.DisposeAsync();
        _network = null!;
        string state = TestNetwork.State();
        NetworkOptions options = new() { BridgeName = "limgtest1", TableName = "layerimage_test1", Subnet = IPNetwork.Parse("10.94.0.0/16"), NamespaceFolder = "/nowhere" };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new BridgeNetwork(options).EnsureReady())));

        Assert.False(new BridgeNetwork(options).EnsureReady());
        using (Interop.Netlink.NetlinkSocket socket = Interop.Netlink.NetlinkSocket.OpenRoute())
        {
            socket.Execute(Interop.Netlink.RouteMessages.DeleteLink(options.BridgeName), options.BridgeName);
        }
        new NftProgram().Run($"delete table inet {options.TableName}; delete table bridge {options.TableName}", EngineError.NetworkFailed);
        Assert.Equal(state, TestNetwork.State());
    }

    [Fact]
    public void EnsureReady_RefusesASubnetThatTheHostUses()
    {
        BridgeNetwork overlapping = new(_network.Options with { BridgeName = "limgtest1", Subnet = IPNetwork.Parse("192.0.2.0/25") });

        LayerImageException error = Assert.Throws<LayerImageException>(() => overlapping.EnsureReady());

        Assert.Equal(EngineError.NetworkFailed, error.Error);
        Assert.Contains("limgpeer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_Again_ReplacesWhatACrashLeft()
    {
        await _network.AddContainerAsync("web", Web);

        string path = await _network.AddContainerAsync("web", Other, 80);

        Assert.Equal(path, Assert.Single(_network.Backend.ListAttachments()).NamespacePath);
        _network.Publish("web", Other, "8081:80");
        Assert.StartsWith("web 80", EchoServer.Ask(Loopback, 8081), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attach_ThatFails_LeavesNothing()
    {
        string state = TestNetwork.State();

        // The bridge's own namespace has no such bridge.
        BridgeNetwork broken = new(_network.Options with { BridgeName = "limgtest9", Subnet = IPNetwork.Parse("10.95.0.0/16") });
        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => broken.AttachAsync("web", IPAddress.Parse("10.93.0.2"), CancellationToken.None));

        Assert.Equal(EngineError.NetworkFailed, error.Error);
        Assert.Empty(broken.ListAttachments());
        Assert.Equal(state, TestNetwork.State());
    }

    [Fact]
    public async Task Attach_AnAddressThatAContainerOfAnotherStoreHas_IsRefusedByTheKernel()
    {
        await _network.AddContainerAsync("web", Web, 80);
        BridgeNetwork otherStore = new(_network.Options with { NamespaceFolder = Path.Combine(_network.Options.NamespaceFolder, "..", "netns2") });

        Assert.Null(await otherStore.AttachAsync("other", IPAddress.Parse(Web), TestContext.Current.CancellationToken));

        Assert.Empty(otherStore.ListAttachments());
        Assert.Equal([IPAddress.Parse(Web)], otherStore.ListAddresses());
        // It is free when the container is gone, and not before; flushed rules change nothing.
        await _network.Backend.DetachAsync("web", CancellationToken.None);
        Assert.NotNull(await otherStore.AttachAsync("other", IPAddress.Parse(Web), TestContext.Current.CancellationToken));
        await otherStore.DetachAsync("other", CancellationToken.None);
    }

    [Fact]
    public async Task Detach_IsIdempotent()
    {
        string path = await _network.AddContainerAsync("web", Web);

        await _network.Backend.DetachAsync("web", CancellationToken.None);
        await _network.Backend.DetachAsync("web", CancellationToken.None);

        Assert.False(File.Exists(path));
        Assert.Empty(_network.Backend.ListAttachments());
    }

    [Fact]
    public async Task Attach_AndItsFriends_TakeFewMilliseconds()
    {
        double[] attach = new double[15], publish = new double[15], ready = new double[15], detach = new double[15];
        IPAddress address = IPAddress.Parse(Web);
        PortMapping[] mappings = [PortMapping.Parse("8081:80")];
        for (int i = 0; i < attach.Length; i++)
        {
            ready[i] = Time(() => _network.Backend.EnsureReady());
            attach[i] = await TimeAsync(() => _network.Backend.AttachAsync("web", address, CancellationToken.None));
            publish[i] = Time(() => _network.Backend.Publish("web", address, mappings));
            _network.Backend.Unpublish("web", address, mappings);
            detach[i] = await TimeAsync(() => _network.Backend.DetachAsync("web", CancellationToken.None));
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture,
            $"medians in ms: ready {Median(ready):F2}, attach {Median(attach):F2}, publish {Median(publish):F2}, detach {Median(detach):F2}"));
        // Generous: a busy machine must not fail it, a program started for each step must.
        Assert.InRange(Median(ready) + Median(attach) + Median(publish), 0, 50);
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static async Task<double> TimeAsync(Func<Task> action)
    {
        long start = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string AskAgain(Socket client)
    {
        client.SendTo([1], new IPEndPoint(IPAddress.Parse(TestNetwork.HostAddress), 8081));
        byte[] answer = new byte[100];
        try
        {
            return Encoding.ASCII.GetString(answer, 0, client.Receive(answer));
        }
        catch (SocketException)
        {
            return "TimedOut";
        }
    }

    private static string AskFrom(string path, string address, int port, ProtocolType protocol = ProtocolType.Tcp, int patience = 20_000) =>
        NetworkThread.Run(path, () => EchoServer.Ask(address, port, protocol, patience));
}
