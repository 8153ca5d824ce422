using System.Diagnostics;
using System.Net.Sockets;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Firewall;

public class NftablesFirewallTests
{
    private static void SkipWithoutParts()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("nft"), Requires.Tool("ip"), Requires.Tool("nsenter"));
        Assert.SkipWhen(missing is not null, missing ?? "");
    }

    [Fact]
    public void Ports_AreClosedUntilARuntimeRuleAndAfterASync()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 22, 9200, 9300);
        Assert.True(host.IsOpen(9200));

        host.Start();
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

        host.On(firewall => firewall.Stop());
        Assert.True(host.IsOpen(9200));
        Assert.Equal("", host.Ruleset());
    }

    [Fact]
    public void Start_NeedsNoTableOfProtocolNames()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(host.ZoneFolder).FullName, "public.xml"),
            """<zone><service name="ssh"/><protocol value="igmp"/><protocol value="VRRP"/><protocol value="50"/><port port="9200" protocol="tcp"/></zone>""");

        // A minimal Debian has no /etc/protocols (package netbase), where nft looks for most names.
        HostFirewall started = host.On(firewall =>
        {
            HideProtocols();
            _ = firewall.Start(SilentObserver.Instance);
            _ = firewall.SetRule(new PortRuleRequest { Port = "9300", Scope = PortRuleScope.Runtime });
            return firewall.Get();
        });

        Assert.Equal(["9200/tcp", "9300/tcp"], started.Zones.Single(zone => zone.Name == "public").Ports);
        Assert.True(host.IsOpen(9200) && host.Pings("10.77.0.1") && host.Pings("fd77::1"));
    }

    [Fact]
    public void ZoneFile_WithAnUnknownProtocol_IsRefusedByFileAndLine()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(host.ZoneFolder).FullName, "public.xml"), "<zone>\n<protocol value=\"nonsense\"/></zone>");

        LayerImageException error = Assert.Throws<LayerImageException>(host.Start);

        Assert.Equal(EngineError.FirewallConfigurationInvalid, error.Error);
        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
    }

    // For this thread, and what it starts, alone.
    private static void HideProtocols()
    {
        const int CLONE_FS = 0x200, CLONE_NEWNS = 0x20000; // linux/sched.h
        const ulong MS_REC = 0x4000, MS_PRIVATE = 0x40000; // linux/mount.h
        Libc.Unshare(CLONE_FS | CLONE_NEWNS);
        Libc.Mount("none", "/", null, MS_REC | MS_PRIVATE, null);
        if (File.Exists("/etc/protocols"))
        {
            Libc.Mount("/dev/null", "/etc/protocols", null, Libc.MS_BIND, null);
        }
    }

    [Fact]
    public void PermanentRule_OpensAtTheNextSyncAndClosesWhenRemoved()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 8000, 8005, 8010);
        host.Start();

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
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        host.Start();

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
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Start();
        PortRuleRequest request = new() { Port = "9200", Zone = "PUBLIC" };

        Assert.Equal("public", host.On(firewall => firewall.SetRule(request)).Zone);
        Assert.Equal(["public.xml"], Directory.GetFiles(host.ZoneFolder).Select(path => Path.GetFileName(path)));
        host.On(firewall => firewall.RemoveRule(request));

        Assert.Empty(host.On(firewall => firewall.GetRules()));
    }

    [Theory]
    [InlineData("zones")]
    [InlineData("zones/public.xml")]
    public void Rule_ForBothThatTheDiskRefusesChangesNothing(string inTheWay)
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        host.Start();
        host.Set("8000-9100", PortRuleScope.Runtime);
        string before = host.Ruleset(), blocked = Path.Combine(host.Options.Configuration, "firewall", inTheWay);
        if (inTheWay == "zones")
        {
            // A file where the folder should be: the new file cannot even be written.
            Directory.CreateDirectory(Path.GetDirectoryName(blocked)!);
            File.WriteAllText(blocked, "");
        }
        else
        {
            // A folder where the file should be: only the last step, the rename, fails.
            Directory.CreateDirectory(Path.Combine(blocked, "x"));
        }

        LayerImageException error = Assert.Throws<LayerImageException>(() => host.Set("9000-9200"));

        Assert.Equal(EngineError.FirewallFailed, error.Error);
        Assert.Equal(before, host.Ruleset());
        Assert.False(host.IsOpen(9200));
        Assert.Empty(Directory.Exists(host.ZoneFolder) ? Directory.EnumerateFiles(host.ZoneFolder) : []);
    }

    [Fact]
    public void Sync_LeavesEstablishedConnectionsAlone()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        host.Start();
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
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        host.Start();
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
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200, 9300);
        host.Start();

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
    public void Zones_AreFoundBySourceAndInterface()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 22, 9200);
        Directory.CreateDirectory(host.ZoneFolder);
        File.WriteAllText(Path.Combine(host.ZoneFolder, "drop.xml"), "<zone target=\"DROP\"><source address=\"10.77.0.2\"/></zone>");
        File.WriteAllText(Path.Combine(host.ZoneFolder, "trusted.xml"), "<zone target=\"ACCEPT\"><interface name=\"eth+\"/><masquerade/></zone>");
        Warnings warnings = new();

        HostFirewall firewall = host.On(found => found.Start(warnings));

        Assert.False(host.IsOpen(22));
        Assert.True(host.IsOpen(9200, "fd77::1"));
        Assert.Equal(["drop", "public", "trusted"], firewall.Zones.Where(zone => zone.IsActive).Select(zone => zone.Name));
        Assert.Equal("DROP", firewall.Zones.Single(zone => zone.Name == "drop").Target);
        Assert.Contains("eth+", firewall.Zones.Single(zone => zone.Name == "trusted").Interfaces);
        Assert.Contains("<masquerade>", Assert.Single(warnings.Texts));
        Assert.Equal(EngineError.ZoneNotFound, Assert.Throws<LayerImageException>(() => host.On(found =>
            found.SetRule(new PortRuleRequest { Port = "1", Zone = "nowhere" }))).Error);
    }

    [Fact]
    public void Stopped_OnlyPermanentChangesWork()
    {
        SkipWithoutParts();
        using FirewallHost host = new();

        Assert.False(host.On(firewall => firewall.Get()).Running);
        Assert.True(host.Set("9200", PortRuleScope.Permanent) is { Permanent: true, Runtime: false, Drift: false });
        Assert.Equal(EngineError.FirewallNotRunning, Assert.Throws<LayerImageException>(() => host.Set("1", PortRuleScope.Runtime)).Error);
        Assert.Equal(EngineError.FirewallNotRunning, Assert.Throws<LayerImageException>(() => host.Set("1")).Error);
        Assert.Equal(EngineError.FirewallNotRunning, Assert.Throws<LayerImageException>(host.Sync).Error);
        Assert.True(Opening(host, 1)!.Unfiltered);
        Assert.False(host.On(firewall => firewall.OpenForContainer("0123456789ab", "80", FirewallProtocol.Tcp, null)));
        host.On(firewall => firewall.CloseForContainer("0123456789ab"));
        Assert.Equal("", host.Ruleset());

        host.Start();
        Assert.True(host.On(firewall => firewall.GetRules()).Single() is { Permanent: true, Runtime: true });
    }

    [Fact]
    public void RuntimeToPermanent_WritesWhatRuns()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Start();
        host.Set("80", PortRuleScope.Permanent);
        host.Set("9200", PortRuleScope.Runtime);
        host.Set("9300", PortRuleScope.Runtime, source: "2001:db8::/32");
        host.Set("9400", timeout: TimeSpan.FromMinutes(1));

        host.On(firewall => firewall.Sync(new SyncOptions { RuntimeToPermanent = true }, SilentObserver.Instance));

        Assert.Equal(["9200", "9300"], host.On(firewall => firewall.GetRules()).Where(rule => rule.Permanent).Select(rule => rule.Port));
        Assert.Equal(["public.xml"], Directory.EnumerateFiles(host.ZoneFolder).Select(path => Path.GetFileName(path)!));
    }

    [Fact]
    public void Rules_MadeAtTheSameTimeAreAllThere()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Start();
        string[] ports = [.. Enumerable.Range(9000, 24).Select(port => (2 * port).ToString())];

        Parallel.ForEach(ports, new ParallelOptions { MaxDegreeOfParallelism = 8 }, port => host.Set(port));

        IReadOnlyList<HostPortRule> rules = host.On(firewall => firewall.GetRules());
        Assert.Equal(ports, rules.Where(rule => rule is { Runtime: true, Permanent: true }).Select(rule => rule.Port));
    }

    [Fact]
    public void MalformedZone_LeavesTheRunningFirewallAlone()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Start();
        host.Set("9200");
        string path = Path.Combine(host.ZoneFolder, "public.xml"), before = host.Ruleset();
        File.WriteAllText(path, "<zone>\n<service name=\"no-such-service\"/></zone>");

        Assert.Contains(path, Assert.Throws<LayerImageException>(host.Sync).Message);
        File.WriteAllText(path, "<zone>\n<port></zone>");
        LayerImageException error = Assert.Throws<LayerImageException>(host.Sync);

        Assert.Equal(EngineError.FirewallConfigurationInvalid, error.Error);
        Assert.Contains($"{path}, line 2", error.Message);
        Assert.Equal(before, host.Ruleset());
    }

    [Fact]
    public async Task Enable_WithoutSystemdSaysSo()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        IHostFirewall firewall = new NftablesFirewall(host.Options, new ServiceManagerPaths("/nonexistent", Path.Combine(host.Options.Configuration, "units")));

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => firewall.EnableAsync("/bin/true", CancellationToken.None));

        Assert.Equal(EngineError.ServiceManagerMissing, error.Error);
        Assert.False(Directory.Exists(Path.Combine(host.Options.Configuration, "units")));
    }

    private sealed class Warnings : IEngineObserver
    {
        public List<string> Texts { get; } = [];

        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Texts.Add(message);

        public void Progress(TransferProgress progress)
        {
        }
    }

    private static HostPortOpening? Opening(FirewallHost host, int port) =>
        Assert.Single(host.On(firewall => firewall.FindOpenings(new PortRange(port, port), FirewallProtocol.Tcp, null)));
}
