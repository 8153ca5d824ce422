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
    public void Stop_OpensEverythingAndLeavesNothing()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        host.Start();
        Assert.False(host.IsOpen(9200));

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
    public void Zones_AreFoundBySourceAndInterface()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 22, 9200);
        Directory.CreateDirectory(host.ZoneFolder);
        File.WriteAllText(Path.Combine(host.ZoneFolder, "drop.xml"), "<zone target=\"DROP\"><source address=\"10.77.0.2\"/></zone>");
        File.WriteAllText(Path.Combine(host.ZoneFolder, "trusted.xml"), "<zone target=\"ACCEPT\"><interface name=\"eth+\"/><rule><masquerade/></rule></zone>");
        Warnings warnings = new();

        HostFirewall firewall = host.On(found => found.Start(warnings));

        Assert.False(host.IsOpen(22));
        Assert.True(host.IsOpen(9200, "fd77::1"));
        Assert.Equal(["drop", "public", "trusted"], firewall.Zones.Where(zone => zone.IsActive).Select(zone => zone.Name));
        Assert.Equal("DROP", firewall.Zones.Single(zone => zone.Name == "drop").Target);
        Assert.Contains("eth+", firewall.Zones.Single(zone => zone.Name == "trusted").Interfaces);
        Assert.Contains("<rule>", Assert.Single(warnings.Texts));
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
    public void MalformedZone_StaysAsItRuns_AndTheOthersAreSynchronised()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 22, 9200, 9300);
        host.Start();
        host.Set("9200");
        string path = Path.Combine(host.ZoneFolder, "public.xml");
        File.WriteAllText(path, "<zone>\n<port></zone>");
        File.WriteAllText(Path.Combine(host.ZoneFolder, "work.xml"), "<zone><source address=\"fd77::2\"/><port port=\"9300\" protocol=\"tcp\"/></zone>");
        File.WriteAllText(Path.Combine(host.ZoneFolder, "public (copy).xml"), "<zone/>");
        Warnings warnings = new();

        host.On(firewall => firewall.Sync(new SyncOptions(), warnings));

        Assert.True(host.IsOpen(9200) && host.IsOpen(22) && !host.IsOpen(9300));
        Assert.True(host.IsOpen(9300, "fd77::1") && !host.IsOpen(9200, "fd77::1"));
        Assert.Contains(warnings.Texts, text => text.Contains($"{path}, line 2") && text.Contains("stays as it is"));
        Assert.Contains(warnings.Texts, text => text.Contains("public (copy).xml"));
        // What is to be written into that file is refused, and it stays for its owner to mend.
        LayerImageException error = Assert.Throws<LayerImageException>(() => host.Set("9400"));
        Assert.Equal(EngineError.FirewallConfigurationInvalid, error.Error);
        Assert.DoesNotContain(host.On(firewall => firewall.GetRules()), rule => rule.Port == "9400");
        Assert.Equal("<zone>\n<port></zone>", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("<zone>\n<port></zone>", "what it is without that file")]
    [InlineData("<zone><service name=\"ssh\"/><service name=\"no-such-service\"/></zone>", "no-such-service")]
    [InlineData("<zone>\n<service name=\"ssh\"/><protocol value=\"nonsense\"/></zone>", "line 2")]
    [InlineData("<!DOCTYPE zone [<!ENTITY a \"b\">]><zone>&a;</zone>", "public.xml")]
    public void ZoneFile_ThatIsNotUnderstood_NeverLeavesTheHostWithoutAFirewall(string text, string told)
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 22, 9200);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(host.ZoneFolder).FullName, "public.xml"), text);
        Warnings warnings = new();

        host.On(firewall => firewall.Start(warnings));

        Assert.True(host.IsOpen(22));
        Assert.False(host.IsOpen(9200));
        Assert.Contains(told, Assert.Single(warnings.Texts));
    }

    [Fact]
    public void Interface_InTwoZones_IsInTheFirstAndSaid()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Listen(host.HostPid, 9200);
        Directory.CreateDirectory(host.ZoneFolder);
        File.WriteAllText(Path.Combine(host.ZoneFolder, "public.xml"), "<zone><interface name=\"eth0\"/></zone>");
        File.WriteAllText(Path.Combine(host.ZoneFolder, "trusted.xml"), "<zone target=\"ACCEPT\"><interface name=\"eth0\"/></zone>");
        Warnings warnings = new();

        HostFirewall firewall = host.On(found => found.Start(warnings));

        Assert.Contains("'eth0' is in two zones; it stays in 'public'", Assert.Single(warnings.Texts));
        Assert.Equal(["eth0"], firewall.GetZone("public").Interfaces);
        Assert.DoesNotContain("eth0", firewall.GetZone("trusted").Interfaces);
        Assert.False(host.IsOpen(9200));
    }

    [Fact]
    public void RuntimeToPermanent_TouchesNoZoneThatIsTheSame()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        host.Start();
        host.Set("9200", PortRuleScope.Runtime);

        host.On(firewall => firewall.Sync(new SyncOptions { RuntimeToPermanent = true }, SilentObserver.Instance));

        Assert.Equal(["public.xml"], Directory.EnumerateFiles(host.ZoneFolder).Select(path => Path.GetFileName(path)!));
    }

    [Fact]
    public async Task Enable_WithoutSystemdSaysSo()
    {
        SkipWithoutParts();
        using FirewallHost host = new();
        IHostFirewall firewall = new NftablesFirewall(host.Options, new ServiceManagerPaths("/nonexistent", Path.Combine(host.Options.Configuration, "units"), []));

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => firewall.EnableAsync(CancellationToken.None));

        Assert.Equal(EngineError.ServiceManagerMissing, error.Error);
        Assert.False(Directory.Exists(Path.Combine(host.Options.Configuration, "units")));
    }

    private static HostPortOpening? Opening(FirewallHost host, int port) =>
        Assert.Single(host.On(firewall => firewall.FindOpenings(new PortRange(port, port), FirewallProtocol.Tcp, null)));
}
