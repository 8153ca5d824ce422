using System.Diagnostics;
using System.Net.Sockets;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>What every firewall of a host does, seen from another host by real connections.</summary>
public abstract class HostFirewallContract
{
    private const string Container = "0123456789abcdef0123456789abcdef", Other = "fedcba9876543210";

    /// <summary>A host whose firewall does not run yet.</summary>
    private protected abstract FirewallHost Host();

    /// <summary>Starts it.</summary>
    private protected abstract void Start(FirewallHost host);

    private FirewallHost PublishingHost()
    {
        FirewallHost host = Host();
        host.Listen(host.ContainerPid, 8080);
        host.Listen(host.PeerPid, 7000);
        host.Listen(host.HostPid, 6000);
        return host;
    }

    private static bool Open(FirewallHost host, string id, string port = "8081") =>
        host.On(firewall => firewall.OpenForContainer(id, port, FirewallProtocol.Tcp, null));

    private static HostPortOpening? Opening(FirewallHost host, int port) =>
        Assert.Single(host.On(firewall => firewall.FindOpenings(new PortRange(port, port), FirewallProtocol.Tcp, null)));

    [Fact]
    public void Ports_AreClosedUntilARuntimeRuleAndAfterASync()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 22, 9200, 9300);
        Assert.True(host.IsOpen(9200));

        Start(host);
        Assert.False(host.IsOpen(9200));
        Assert.False(host.IsOpen(9200, "fd77::1"));
        Assert.True(host.IsOpen(22));
        Assert.True(host.IsOpenFrom(host.HostPid, 9200, "127.0.0.1"));
        Assert.True(host.Pings("10.77.0.1") && host.Pings("fd77::1"));

        HostPortRule rule = host.Set("9200", PortRuleScope.Runtime);
        Assert.True(rule is { Runtime: true, Permanent: false, Drift: true, Zone: "public", Port: "9200" });
        Assert.True(host.IsOpen(9200));
        Assert.True(host.IsOpen(9200, "fd77::1"));
        Assert.False(host.IsOpen(9300));

        host.Sync();
        Assert.False(host.IsOpen(9200));
        Assert.True(host.IsOpen(22));
    }

    [Fact]
    public void PermanentRule_OpensAtTheNextSyncAndClosesWhenRemoved()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 8000, 8005, 8010);
        Start(host);

        HostPortRule rule = host.Set("8000-8010", PortRuleScope.Permanent);
        Assert.True(rule is { Runtime: false, Permanent: true, Drift: true, FirstPort: 8000, LastPort: 8010 });
        Assert.False(host.IsOpen(8005));

        host.Sync();
        Assert.True(host.IsOpen(8000) && host.IsOpen(8005) && host.IsOpen(8010));

        host.Remove("8005", PortRuleScope.Permanent);
        Assert.True(host.IsOpen(8005));
        host.Remove("8005", PortRuleScope.Runtime);
        Assert.False(host.IsOpen(8005));
        Assert.True(host.IsOpen(8000));
        Assert.Equal(["8000-8004", "8006-8010"], host.On(firewall => firewall.GetRules()).Select(found => found.Port));

        host.Remove("8006-8010");
        Assert.False(host.IsOpen(8010));
        Assert.Equal(EngineError.PortRuleNotFound, Assert.Throws<LayerImageException>(() => host.Remove("8006-8010")).Error);
    }

    [Fact]
    public void Rule_ForBothIsOneRuleWithoutDriftAndIdempotent()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200);
        Start(host);

        host.Set("9200");
        HostPortRule rule = host.Set("9200");

        Assert.True(rule is { Runtime: true, Permanent: true, Drift: false });
        Assert.Single(host.On(firewall => firewall.GetRules()));
        host.Sync();
        Assert.True(host.IsOpen(9200));
        Assert.Equal("public", Opening(host, 9200)!.Rule!.Zone);
        Assert.Equal("ssh", Opening(host, 22)!.Service);
        Assert.Null(Opening(host, 9201));
        Assert.Equal([null, "public", null], host.On(firewall => firewall.FindOpenings(new PortRange(9199, 9201), FirewallProtocol.Tcp, null)).Select(opening => opening?.Rule!.Zone));
        host.Remove("9200");
        Assert.False(host.IsOpen(9200));
    }

    [Fact]
    public void Zone_InAnyCase_IsTheSameZone()
    {
        using FirewallHost host = Host();
        Start(host);
        PortRuleRequest request = new() { Port = "9200", Zone = "PUBLIC" };

        Assert.Equal("public", host.On(firewall => firewall.SetRule(request)).Zone);
        Assert.DoesNotContain("PUBLIC.xml", Directory.GetFiles(host.ZoneFolder).Select(path => Path.GetFileName(path)));
        host.On(firewall => firewall.RemoveRule(request));

        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }

    [Fact]
    public void Sync_LeavesEstablishedConnectionsAlone()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200);
        Start(host);
        host.Set("9200", PortRuleScope.Runtime);
        (Socket here, Socket there) = host.Connect(9200);

        host.Sync();

        Assert.False(host.IsOpen(9200));
        Assert.Equal(1, there.Send([7]));
        here.ReceiveTimeout = 3000;
        Assert.Equal(1, here.Receive(new byte[8]));
        Assert.Equal(1, here.Send([8]));
        there.ReceiveTimeout = 3000;
        Assert.Equal(1, there.Receive(new byte[8]));

        host.On(firewall => firewall.Sync(new SyncOptions { Complete = true }, SilentObserver.Instance));
        there.Send([9]);
        here.ReceiveTimeout = 1000;
        Assert.Throws<SocketException>(() => here.Receive(new byte[8]));
    }

    [Fact]
    public void Timeout_ClosesByItself()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200);
        Start(host);
        Stopwatch time = Stopwatch.StartNew();

        HostPortRule rule = host.Set("9200", timeout: TimeSpan.FromSeconds(2));
        Assert.True(rule.Timeout is { } left && left <= TimeSpan.FromSeconds(2) && !rule.Drift);
        Assert.True(host.IsOpen(9200));
        while (host.IsOpen(9200) && time.Elapsed < TimeSpan.FromSeconds(10))
        {
            Thread.Sleep(50);
        }

        Assert.InRange(time.Elapsed.TotalSeconds, 1.5, 4);
        Assert.Empty(host.On(firewall => firewall.GetRules()));
        Assert.Equal("9200", host.Set("9200", PortRuleScope.Runtime).Port);
        Assert.True(host.IsOpen(9200));
    }

    [Fact]
    public void Source_LimitsARule()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200, 9300);
        Start(host);

        host.Set("9200", source: "10.77.0.0/24");
        host.Set("9300", source: "192.0.2.1");

        Assert.True(host.IsOpen(9200));
        Assert.False(host.IsOpen(9200, "fd77::1"));
        Assert.False(host.IsOpen(9300));
        host.Sync();
        Assert.True(host.IsOpen(9200));
        Assert.Equal(["10.77.0.0/24", "192.0.2.1"], host.On(firewall => firewall.GetRules()).Select(rule => rule.Source));
        host.Remove("9200", source: "10.77.0.9/24");
        Assert.False(host.IsOpen(9200));
    }

    [Fact]
    public void RuntimeToPermanent_WritesWhatRuns()
    {
        using FirewallHost host = Host();
        Start(host);
        host.Set("80", PortRuleScope.Permanent);
        host.Set("9200", PortRuleScope.Runtime);
        host.Set("9300", PortRuleScope.Runtime, source: "2001:db8::/32");
        host.Set("9400", timeout: TimeSpan.FromMinutes(1));

        host.On(firewall => firewall.Sync(new SyncOptions { RuntimeToPermanent = true }, SilentObserver.Instance));

        Assert.Equal(["9200", "9300"], host.On(firewall => firewall.GetRules()).Where(rule => rule.Permanent).Select(rule => rule.Port));
    }

    [Fact]
    public void Rules_OfOneZone_AreThoseOfAllThatAreInIt()
    {
        using FirewallHost host = Host();
        Start(host);
        host.Set("9200");
        host.Set("9201", PortRuleScope.Permanent);
        foreach (PortRuleScope scope in (PortRuleScope[])[PortRuleScope.Runtime, PortRuleScope.Permanent])
        {
            host.On(firewall => firewall.SetRule(new PortRuleRequest { Port = $"930{(int)scope}", Zone = "internal", Scope = scope }));
        }
        IReadOnlyList<HostPortRule> all = host.On(firewall => firewall.GetRules());

        foreach (string zone in (string[])["public", "internal", "work"])
        {
            Assert.Equal(all.Where(rule => rule.Zone == zone), host.On(firewall => firewall.GetRules(SilentObserver.Instance, zone)));
            Assert.Equal(all.Where(rule => rule.Zone == zone), host.On(firewall => firewall.GetRules(SilentObserver.Instance, zone.ToUpperInvariant())));
        }
        Assert.Equal(4, all.Count);
        LayerImageException error = Assert.Throws<LayerImageException>(() => host.On(firewall => firewall.GetRules(SilentObserver.Instance, "nosuch")));
        Assert.Equal((EngineError.ZoneNotFound, "nosuch"), (error.Error, error.Target));
    }

    // A new zone is on the disk alone until the reload, whichever firewall it is.
    [Fact]
    public void Rule_OfAZoneThatIsOnTheDiskAlone_IsMadeAndReturned()
    {
        using FirewallHost host = Host();
        Start(host);
        host.On(firewall => firewall.NewZone(new ZoneRequest { Zone = "lab" }, SilentObserver.Instance));

        HostPortRule rule = host.On(firewall => firewall.SetRule(new PortRuleRequest { Port = "9200", Zone = "lab", Scope = PortRuleScope.Permanent }));

        Assert.Equal(("lab", "9200", true, false), (rule.Zone, rule.Port, rule.Permanent, rule.Runtime));
    }

    [Fact]
    public void Rules_MadeAtTheSameTimeAreAllThere()
    {
        using FirewallHost host = Host();
        Start(host);
        string[] ports = [.. Enumerable.Range(9000, 24).Select(port => (2 * port).ToString())];

        Parallel.ForEach(ports, new ParallelOptions { MaxDegreeOfParallelism = 8 }, port => host.Set(port));

        IReadOnlyList<HostPortRule> rules = host.On(firewall => firewall.GetRules());
        Assert.Equal(ports, rules.Where(rule => rule is { Runtime: true, Permanent: true }).Select(rule => rule.Port));
    }

    [Fact]
    public void Zone_IsWhatItIsSetTo_NowAndOnTheDisk()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 80, 9200);
        Start(host);
        Assert.False(host.IsOpen(80));

        Set(host, new ZoneRequest { Zone = "PUBLIC", AddServices = ["http"] });
        Assert.True(host.IsOpen(80));
        Assert.True(Assert.Single(host.On(firewall => firewall.GetServiceRules(SilentObserver.Instance)), rule => rule is { Service: "http", Zone: "public" })
            is { Runtime: true, Permanent: true, Drift: false, Ports: ["80/tcp"] });
        Set(host, new ZoneRequest { Zone = "public", RemoveServices = ["http"], Scope = PortRuleScope.Runtime });
        Assert.False(host.IsOpen(80));
        Assert.True(host.On(firewall => firewall.GetServiceRules(SilentObserver.Instance)).Single(rule => rule.Service == "http") is { Permanent: true, Drift: true });

        HostFirewallZone trusted = Set(host, new ZoneRequest { Zone = "trusted", Sources = ["10.77.0.2/32"] });
        Assert.Equal(["10.77.0.2"], trusted.Sources);
        Assert.True(trusted.IsActive);
        Assert.True(host.IsOpen(9200));
        Assert.False(host.IsOpen(9200, "fd77::1"));
        Set(host, new ZoneRequest { Zone = "trusted", Sources = [], Scope = PortRuleScope.Runtime });
        Assert.False(host.IsOpen(9200));
        host.Sync();
        Assert.True(host.IsOpen(9200));
    }

    [Fact]
    public void Zone_BlocksTypesOfIcmp()
    {
        using FirewallHost host = Host();
        Start(host);
        Assert.True(host.Pings("10.77.0.1") && host.Pings("fd77::1"));

        HostFirewallZone zone = Set(host, new ZoneRequest { Zone = "public", IcmpBlocks = ["echo-request"] });

        Assert.Equal(["echo-request"], zone.IcmpBlocks);
        Assert.False(host.Pings("10.77.0.1") || host.Pings("fd77::1"));
        Assert.True(Set(host, new ZoneRequest { Zone = "public", IcmpBlockInversion = true }).IcmpBlockInversion);
        Assert.True(host.Pings("10.77.0.1") && host.Pings("fd77::1"));
        host.Sync();
        Assert.True(host.Pings("10.77.0.1"));
    }

    [Fact]
    public void Zone_ThatMasquerades_HidesWhoPassesThroughIt()
    {
        using FirewallHost host = Host();
        Start(host);
        Assert.False(Set(host, new ZoneRequest { Zone = "public", Masquerade = false }).Masquerade);

        HostFirewallZone zone = Set(host, new ZoneRequest { Zone = "public", Masquerade = true, Interfaces = ["eth0"] });

        Assert.True(zone.Masquerade);
        Assert.Equal(["eth0"], zone.Interfaces);
        Assert.Equal("10.77.0.1", host.SenderSeenBy(host.PeerPid, host.ContainerPid, "10.77.0.2", 7100));
        host.Sync();
        Assert.Equal("10.77.0.1", host.SenderSeenBy(host.PeerPid, host.ContainerPid, "10.77.0.2", 7101));
    }

    [Fact]
    public void Zone_NewAndRemoved_ComeAndGoWithASync()
    {
        using FirewallHost host = Host();
        Start(host);
        host.On(firewall => firewall.NewZone(new ZoneRequest { Zone = "lab", Target = "drop", Sources = ["203.0.113.0/24"], Services = ["http"], Description = "a lab" }, SilentObserver.Instance));
        Assert.DoesNotContain(host.On(firewall => firewall.Get()).Zones, zone => zone.Name == "lab");
        host.Sync();
        HostFirewallZone made = host.On(firewall => firewall.Get()).GetZone("lab");
        Assert.True(made is { Target: "DROP", Sources: ["203.0.113.0/24"], Services: ["http"], IsActive: true });

        Assert.Equal(EngineError.ZoneConflict, Error(host, new ZoneRequest { Zone = "work", Sources = ["203.0.113.0/24"] }));
        Assert.Equal(EngineError.ServiceNotFound, Error(host, new ZoneRequest { Zone = "work", AddServices = ["no-such-service"] }));
        Assert.Equal(EngineError.ZoneNotFound, Error(host, new ZoneRequest { Zone = "nowhere", Services = [] }));
        Assert.Equal(EngineError.ParameterInvalid, Error(host, new ZoneRequest { Zone = "work", Interfaces = ["a\" b"] }));
        Assert.Equal(EngineError.ParameterInvalid, Error(host, new ZoneRequest { Zone = "work", Target = "MAYBE" }));
        foreach (string name in (string[])["public", "home"])
        {
            Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => host.On(firewall => firewall.RemoveZone(name, SilentObserver.Instance))).Error);
        }

        host.On(firewall => firewall.RemoveZone("lab", SilentObserver.Instance));
        host.Sync();
        Assert.DoesNotContain(host.On(firewall => firewall.Get()).Zones, zone => zone.Name == "lab");
        Assert.Empty(host.On(firewall => firewall.Check()));
    }

    [Fact]
    public void DefaultZoneAndPanic_HoldAtOnce()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 22, 9200);
        Start(host);

        Assert.Equal("trusted", Configure(host, new HostFirewallSettings { DefaultZone = "Trusted" }).DefaultZone);
        Assert.True(host.IsOpen(9200));
        host.Sync();
        Assert.True(host.IsOpen(9200));

        Assert.True(Configure(host, new HostFirewallSettings { Panic = true }).Panic);
        Assert.False(host.IsOpen(9200) || host.IsOpen(22));
        Assert.False(Configure(host, new HostFirewallSettings { Panic = false }).Panic);
        Assert.True(host.IsOpen(9200));

        Assert.Equal("all", Configure(host, new HostFirewallSettings { LogDenied = "ALL" }).LogDenied);
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => Configure(host, new HostFirewallSettings { LogDenied = "some" })).Error);
    }

    [Fact]
    public void ForwardPort_LeadsToAnotherPortOfThisHost_OnlyForItsZone()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200, 9300);
        Start(host);
        Assert.False(host.IsOpen(80));

        HostPortForward forward = Forward(host, "80", "9200");
        Assert.True(forward is { Runtime: true, Permanent: true, Drift: false, Port: "80", ToPort: "9200", ToAddress: null, Zone: "public" });
        Assert.True(host.IsOpen(80));
        // firewalld's, too, is for IPv4 alone where no address is given.
        Assert.False(host.IsOpen(80, "fd77::1"));
        // The port that it leads to is no more open than before.
        Assert.False(host.IsOpen(9200));

        host.Sync();
        Assert.True(host.IsOpen(80));
        Assert.True(Forward(host, "80", "9300", PortRuleScope.Runtime) is { Runtime: true, Permanent: false, Drift: true, ToPort: "9300" });
        Assert.Equal(["80 9200 False True", "80 9300 True False"], host.On(firewall => firewall.GetForwards(SilentObserver.Instance))
            .Select(found => $"{found.Port} {found.ToPort} {found.Runtime} {found.Permanent}"));
        Assert.Equal(["port=80:proto=tcp:toport=9300:toaddr="], host.On(firewall => firewall.Get()).GetZone("public").ForwardPorts);
        host.Sync();

        Set(host, new ZoneRequest { Zone = "public", RemoveForwards = [new PortForwardRequest { Port = "80", ToPort = "9200" }] });
        Assert.False(host.IsOpen(80));
        Assert.Empty(host.On(firewall => firewall.GetForwards(SilentObserver.Instance)));
    }

    [Fact]
    public void ForwardPort_LeadsToAnotherHost()
    {
        using FirewallHost host = Host();
        host.Listen(host.ContainerPid, 8080);
        host.Listen(host.PeerPid, 7000);
        Start(host);
        Assert.False(host.IsOpen(8080, "10.78.0.2"));

        Forward(host, "81", "8080", address: "10.78.0.2");
        Forward(host, "8080", null, address: "10.78.0.2");
        Assert.True(host.IsOpen(81) && host.IsOpen(8080));
        Assert.False(host.IsOpen(8080, "10.78.0.2"));

        host.Sync();
        Assert.True(host.IsOpen(81));
        Assert.Equal(["81/tcp -> 10.78.0.2:8080", "8080/tcp -> 10.78.0.2"], host.On(firewall => firewall.GetForwards(SilentObserver.Instance)).Select(found => found.ToString()));
    }

    [Theory]
    [InlineData("80", null, null)]
    [InlineData("0", "8080", null)]
    [InlineData("80", "70000", null)]
    [InlineData("80", "8080", "10.0.0.0/8")]
    [InlineData("80", "8080", "127.0.0.1")]
    [InlineData("80", "8080", "1.2.3.4; drop")]
    [InlineData("8000-8010", "9000", null)]
    public void ForwardPort_ThatCannotBe_IsRefusedAndChangesNothing(string port, string? toPort, string? address)
    {
        using FirewallHost host = Host();
        Start(host);
        Forward(host, "8005", "9100");

        Assert.Throws<LayerImageException>(() => Forward(host, port, toPort, address: address));

        Assert.Equal(["8005/tcp -> :9100"], host.On(firewall => firewall.GetForwards(SilentObserver.Instance)).Select(found => found.ToString()));
    }

    [Fact]
    public void RuntimeToPermanent_WritesZonesAndForwardPortsToo()
    {
        using FirewallHost host = Host();
        Start(host);
        Forward(host, "80", "9200", PortRuleScope.Runtime);
        Set(host, new ZoneRequest { Zone = "public", AddServices = ["http"], Masquerade = true, Scope = PortRuleScope.Runtime });

        host.On(firewall => firewall.Sync(new SyncOptions { RuntimeToPermanent = true }, SilentObserver.Instance));

        HostFirewallZone zone = host.On(firewall => firewall.GetPermanent(SilentObserver.Instance)).GetZone("public");
        Assert.True(zone.Masquerade);
        Assert.Contains("http", zone.Services);
        Assert.Equal(["port=80:proto=tcp:toport=9200:toaddr="], zone.ForwardPorts);
        Assert.DoesNotContain(host.On(firewall => firewall.GetForwards(SilentObserver.Instance)), found => found.Drift);
    }

    [Fact]
    public void Connections_ThatAChangeCutsOff_AreFound()
    {
        using FirewallHost host = Host();
        Start(host);
        HostConnection ssh = new(22, FirewallProtocol.Tcp, System.Net.IPAddress.Parse("10.77.0.2"), "eth0"), closed = ssh with { Port = 9200 };

        Assert.Equal([ssh], CutOffBy(new ZoneRequest { Zone = "PUBLIC", Services = ["http"] }));
        Assert.Equal([ssh], CutOffBy(new ZoneRequest { Zone = "block", Interfaces = ["eth0"], Scope = PortRuleScope.Runtime }));
        Assert.Equal([ssh], CutOffBy(new ZoneRequest { Zone = "drop", Sources = ["10.77.0.0/24"] }));
        Assert.Equal([ssh], CutOffBy(null, "block"));
        Assert.Empty(CutOffBy(new ZoneRequest { Zone = "public", Services = [], Scope = PortRuleScope.Permanent }));
        Assert.Empty(CutOffBy(new ZoneRequest { Zone = "public", Services = ["ssh"] }));
        Assert.Empty(CutOffBy(null, "trusted"));

        IReadOnlyList<HostConnection> CutOffBy(ZoneRequest? zone, string? defaultZone = null) => host.On(firewall => firewall.FindCutOff([ssh, closed], zone, defaultZone));
    }

    private static HostPortForward Forward(FirewallHost host, string port, string? toPort, PortRuleScope? scope = null, string? address = null)
    {
        Set(host, new ZoneRequest { Zone = "public", Scope = scope, AddForwards = [new PortForwardRequest { Port = port, ToPort = toPort, ToAddress = address }] });
        return host.On(firewall => firewall.GetForwards(SilentObserver.Instance)).First(found => found.Port == port && (scope != PortRuleScope.Runtime || found.Runtime));
    }

    private static HostFirewallZone Set(FirewallHost host, ZoneRequest request) => host.On(firewall => firewall.SetZone(request, SilentObserver.Instance));

    private static HostFirewall Configure(FirewallHost host, HostFirewallSettings settings) => host.On(firewall => firewall.Configure(settings, SilentObserver.Instance));

    private static EngineError Error(FirewallHost host, ZoneRequest request) => Assert.Throws<LayerImageException>(() => Set(host, request)).Error;

    [Fact]
    public void Connections_ThatThePermanentRulesShutOut_AreFound()
    {
        using FirewallHost host = Host();
        Start(host);
        host.Set("9200", PortRuleScope.Permanent);
        host.Set("9300", PortRuleScope.Permanent, source: "10.77.0.0/24");
        host.Set("9400", PortRuleScope.Runtime);
        System.Net.IPAddress peer = System.Net.IPAddress.Parse("10.77.0.2"), stranger = System.Net.IPAddress.Parse("192.0.2.1");

        IReadOnlyList<HostConnection> shut = host.On(firewall => firewall.FindShutOut(
        [
            new(22, FirewallProtocol.Tcp, peer, "eth0"), new(9200, FirewallProtocol.Tcp, stranger, "eth0"), new(9200, FirewallProtocol.Udp, peer, null),
            new(9300, FirewallProtocol.Tcp, peer, null), new(9300, FirewallProtocol.Tcp, stranger, null), new(9300, FirewallProtocol.Tcp, null, null), new(9400, FirewallProtocol.Tcp, peer, "eth0"),
        ]));

        Assert.Equal(["9200 Udp 10.77.0.2", "9300 Tcp 192.0.2.1", "9300 Tcp ", "9400 Tcp 10.77.0.2"], shut.Select(connection => $"{connection.Port} {connection.Protocol} {connection.Client}"));
    }

    [Fact]
    public void PublishedPort_IsClosedToOthersUntilARuleOpensThePortAskedFor()
    {
        using FirewallHost host = PublishingHost();
        Assert.True(host.IsOpen(8081));

        Start(host);
        Assert.False(host.IsOpen(8081));
        Assert.True(host.IsOpenFrom(host.HostPid, 8081, "10.77.0.1"));
        Assert.True(host.IsOpenFrom(host.ContainerPid, 7000, "10.77.0.2"));
        Assert.True(host.IsOpenFrom(host.ContainerPid, 6000, "10.78.0.1"));

        // The container's own port opens nothing, and routing past the translation does not help either.
        host.Set("8080", PortRuleScope.Runtime);
        Assert.False(host.IsOpen(8081));
        Assert.False(host.IsOpen(8080, "10.78.0.2"));

        host.Set("8081", PortRuleScope.Runtime);
        Assert.True(host.IsOpen(8081));
        host.Remove("8081", PortRuleScope.Runtime);
        Assert.False(host.IsOpen(8081));
        host.Set("8000-8100", PortRuleScope.Runtime, source: "10.77.0.2");
        Assert.True(host.IsOpen(8081));
    }

    [Fact]
    public void ContainerRule_SurvivesASyncAndEndsWithTheContainer()
    {
        using FirewallHost host = PublishingHost();
        Start(host);

        Assert.True(Open(host, Container));
        Assert.True(Open(host, Container));
        Assert.True(host.IsOpen(8081));
        HostPortRule rule = Assert.Single(host.On(firewall => firewall.GetRules()));
        Assert.True(rule is { Owner: "0123456789ab", Runtime: true, Permanent: false, Drift: false, Port: "8081" });

        host.Sync();
        Assert.True(host.IsOpen(8081));

        host.On(firewall => firewall.CloseForContainer(Container));
        Assert.False(host.IsOpen(8081));
        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }

    [Fact]
    public void ContainerRule_IsIndependentOfAUsersRuleAndOfOtherContainers()
    {
        using FirewallHost host = PublishingHost();
        Start(host);
        Open(host, Container, "8080-8090");
        Open(host, Other);
        host.Set("8081", PortRuleScope.Runtime);
        Assert.Equal(3, host.On(firewall => firewall.GetRules()).Count);

        host.Remove("8081");
        Assert.True(host.IsOpen(8081));
        host.On(firewall => firewall.CloseForContainer(Container));
        Assert.True(host.IsOpen(8081));
        host.On(firewall => firewall.RemoveRule(new PortRuleRequest { Port = "8081", Owner = Other }));
        Assert.False(host.IsOpen(8081));
        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }
}

/// <summary>The module's own firewall.</summary>
public sealed class NftablesContractTests : HostFirewallContract
{
    private protected override FirewallHost Host()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("nft"), Requires.Tool("ip"), Requires.Tool("nsenter"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        return new FirewallHost();
    }

    private protected override void Start(FirewallHost host) => host.Start();
}

/// <summary>firewalld, with containers admitted.</summary>
public sealed class FirewalldContractTests : HostFirewallContract
{
    private protected override FirewallHost Host()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("nft"), Requires.Tool("ip"), Requires.Tool("nsenter"), Requires.Tool("firewalld"), Requires.Tool("dbus-daemon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        return new FirewallHost();
    }

    private protected override void Start(FirewallHost host)
    {
        host.StartFirewalld();
        host.On(firewall => firewall.AdmitContainers(SilentObserver.Instance));
    }
}
