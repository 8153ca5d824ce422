using System.Diagnostics;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>What is firewalld's own: its tool sees our rules and we its, its files are ours, its end and its start.</summary>
public class FirewalldTests
{
    private static FirewallHost Host()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("firewalld"), Requires.Tool("firewall-cmd"), Requires.Tool("dbus-daemon"), Requires.Tool("nft"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        return new FirewallHost();
    }

    [Fact]
    public void Files_OfTheNativeFirewallAreFirewalldsToo()
    {
        using FirewallHost host = Host();
        host.Set("9200", PortRuleScope.Permanent);
        host.Set("8000-8010", PortRuleScope.Permanent, source: "10.0.0.0/8");

        host.StartFirewalld();

        Assert.Equal("9200/tcp", host.FirewallCommand("--list-ports"));
        Assert.Equal("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"8000-8010\" protocol=\"tcp\" accept", host.FirewallCommand("--list-rich-rules"));
        Assert.Contains("ssh", host.FirewallCommand("--list-services"));
    }

    [Fact]
    public void Rules_OfEitherToolShowInTheOther()
    {
        using FirewallHost host = Host();
        host.StartFirewalld();
        Assert.True(host.On(firewall => firewall.Get()) is { Backend: FirewallBackend.Firewalld, Running: true, DefaultZone: "public", EnabledAtBoot: false });

        host.FirewallCommand("--add-port=7000-7010/udp");
        host.FirewallCommand("--permanent --add-port=7100/sctp");
        host.FirewallCommand("--permanent --add-rich-rule='rule family=\"ipv6\" source address=\"2001:db8::/32\" port port=\"53\" protocol=\"udp\" accept'");
        host.FirewallCommand("--add-rich-rule='rule service name=\"http\" log prefix=\"x\" accept'");
        host.Set("9200");
        host.Set("9300", PortRuleScope.Runtime, source: "10.77.0.0/24");

        Assert.Equal(
            ["9200/Tcp/ True True False", "9300/Tcp/10.77.0.0/24 True False True", "53/Udp/2001:db8::/32 False True True", "7000-7010/Udp/ True False True", "7100/Sctp/ False True True"],
            host.On(firewall => firewall.GetRules()).Select(rule => $"{rule.Port}/{rule.Protocol}/{rule.Source} {rule.Runtime} {rule.Permanent} {rule.Drift}"));
        Assert.Contains("http", Assert.Single(host.On(firewall => firewall.Get()).GetZone("public").RichRules));
        Assert.Contains("9200/tcp", host.FirewallCommand("--list-ports"));
        Assert.Contains("9200/tcp", host.FirewallCommand("--permanent --list-ports"));
        Assert.Contains("10.77.0.0/24", host.FirewallCommand("--list-rich-rules"));
        Assert.Equal("7100/sctp 9200/tcp", string.Join(' ', host.FirewallCommand("--permanent --list-ports").Split(' ').Order()));

        host.Remove("9200");
        host.Remove("9300", PortRuleScope.Runtime, source: "10.77.0.0/24");
        Assert.Equal("7000-7010/udp", host.FirewallCommand("--list-ports"));
        Assert.DoesNotContain("10.77.0.0/24", host.FirewallCommand("--list-rich-rules"));
    }

    [Fact]
    public void Refusals_AreTheEnginesErrors()
    {
        using FirewallHost host = Host();
        host.StartFirewalld();

        Assert.Equal(EngineError.ZoneNotFound, Error(firewall => firewall.SetRule(new PortRuleRequest { Port = "1", Zone = "nowhere" })).Error);
        host.FirewallCommand("--panic-on");
        LayerImageException panic = Error(firewall => firewall.SetRule(new PortRuleRequest { Port = "9200" }));
        Assert.Equal(EngineError.FirewallPanic, panic.Error);
        Assert.Contains("-Panic:$false", panic.Advice);
        host.FirewallCommand("--panic-off");
        // Neither configuration has it: what could not be done now was not written down either.
        Assert.Empty(host.On(firewall => firewall.GetRules()));

        LayerImageException Error<T>(Func<IHostFirewall, T> call) => Assert.Throws<LayerImageException>(() => host.On(call));
    }

    [Fact]
    public void Both_WhenTheDiskRefuses_LeavesWhatRanAsItWas()
    {
        using FirewallHost host = Host();
        host.StartFirewalld();
        host.Set("8000-8010");
        host.Set("8100", source: "10.77.0.0/24");
        string ports = host.FirewallCommand("--list-ports"), rules = host.FirewallCommand("--list-rich-rules");
        // Root may write everywhere; a folder in the file's place is refused to everybody.
        Directory.Move(host.ZoneFolder, host.ZoneFolder + ".away");
        File.WriteAllText(host.ZoneFolder, "");

        Assert.Throws<LayerImageException>(() => host.Set("8005-8020"));
        Assert.Throws<LayerImageException>(() => host.Remove("8000-8004"));
        Assert.Throws<LayerImageException>(() => host.Set("8200", source: "10.77.0.0/24"));
        Assert.Throws<LayerImageException>(() => host.Remove("8100", source: "10.77.0.0/24"));

        Assert.Equal(ports, host.FirewallCommand("--list-ports"));
        Assert.Equal(rules, host.FirewallCommand("--list-rich-rules"));
    }

    [Fact]
    public void Firewalld_StartedBesideTheNativeFirewall_TakesItsPlaceAtTheNextChange()
    {
        using FirewallHost host = Host();
        host.Listen(host.HostPid, 9200);
        host.Start();
        host.StartFirewalld();
        Warnings warnings = new();

        host.FirewallCommand("--add-port=9200/tcp");
        Assert.False(host.IsOpen(9200));
        Assert.Null(Assert.Single(host.On(firewall => firewall.FindOpenings(new PortRange(9200, 9200), FirewallProtocol.Tcp, null))));
        host.On(firewall => firewall.Get(warnings));
        Assert.Contains("both filter", Assert.Single(warnings.Texts));

        host.On(firewall => firewall.Start(warnings));

        Assert.True(host.IsOpen(9200));
        Assert.Contains("was stopped", warnings.Texts[^1]);
        Assert.DoesNotContain("layerimage_firewall", host.Ruleset());
    }

    [Fact]
    public void Firewalld_KilledWithItsRulesLeft_IsSaid()
    {
        using FirewallHost host = Host();
        Process firewalld = host.StartFirewalld();
        firewalld.Kill(entireProcessTree: true);
        firewalld.WaitForExit();

        LayerImageException error = Assert.Throws<LayerImageException>(() => host.Set("9200"));

        Assert.Equal(EngineError.FirewallFailed, error.Error);
        Assert.Contains("restart firewalld", error.Advice);
        host.Shell(host.HostPid, "nft delete table inet firewalld");
        Assert.True(host.On(firewall => firewall.Get()) is { Backend: FirewallBackend.Nftables, Running: false });
    }

    [Fact]
    public void Firewalld_ThatHangs_IsNotWaitedForWithoutEnd()
    {
        using FirewallHost host = Host();
        Process firewalld = host.StartFirewalld();
        host.Shell(host.HostPid, $"kill -STOP {firewalld.Id}");
        EngineOptions impatient = host.Options with { FirewalldPatience = TimeSpan.FromSeconds(1) };

        LayerImageException error = Assert.Throws<LayerImageException>(() => host.On(firewall => firewall.SetRule(new PortRuleRequest { Port = "9200" }), impatient));

        Assert.Equal(EngineError.FirewallFailed, error.Error);
        Assert.Contains("did not answer", error.Message);
        host.Shell(host.HostPid, $"kill -CONT {firewalld.Id}");
    }
}
