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
        Assert.True(Assert.Single(host.On(firewall => firewall.Get()).GetZone("public").RichRules) is { Element: "service http", Log: "prefix=\"x\"", Action: "accept", Source: null });
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
    public void PoliciesIpSetsAndForwardPorts_ShowAsFirewallCmdMadeThem()
    {
        using FirewallHost host = Host();
        host.StartFirewalld();
        host.FirewallCommand("--permanent --new-policy=out");
        foreach (string setting in (string[])["--add-ingress-zone=HOST", "--add-egress-zone=ANY", "--set-priority=-5", "--set-target=REJECT", "--add-service=https"])
        {
            host.FirewallCommand($"--permanent --policy=out {setting}");
        }
        host.FirewallCommand("--permanent --policy=out --add-rich-rule='rule family=\"ipv4\" destination NOT address=\"10.0.0.0/8\" drop'");
        host.FirewallCommand("--permanent --new-ipset=guests --type=hash:net --option=family=inet");
        host.FirewallCommand("--permanent --ipset=guests --add-entry=10.77.0.0/24");
        host.FirewallCommand("--permanent --add-rich-rule='rule source ipset=\"guests\" port port=\"99\" protocol=\"udp\" accept'");
        host.FirewallCommand("--permanent --add-forward-port=port=80:proto=tcp:toport=8080:toaddr=10.77.0.9");
        Assert.DoesNotContain("out", host.On(firewall => firewall.GetPolicies(permanent: false, SilentObserver.Instance)).Select(policy => policy.Name));
        Assert.Contains("out", host.On(firewall => firewall.GetPolicies(permanent: true, SilentObserver.Instance)).Select(policy => policy.Name));
        Assert.Equal("80/tcp -> 10.77.0.9:8080 False True", Assert.Single(host.On(firewall => firewall.GetForwards(SilentObserver.Instance)).Select(found => $"{found} {found.Runtime} {found.Permanent}")));

        host.Sync();

        foreach (bool permanent in (bool[])[false, true])
        {
            HostFirewallPolicy policy = host.On(firewall => firewall.GetPolicies(permanent, SilentObserver.Instance)).Single(policy => policy.Name == "out");
            Assert.True(policy is { Target: "REJECT", Priority: -5, IngressZones: ["HOST"], EgressZones: ["ANY"], Services: ["https"], RichRules: [{ Destination: "NOT 10.0.0.0/8", Action: "drop" }] });
            HostFirewallIpSet set = Assert.Single(host.On(firewall => firewall.GetIpSets(permanent, SilentObserver.Instance)));
            Assert.True(set is { Name: "guests", Type: "hash:net", Entries: ["10.77.0.0/24"], Options: ["family=inet"] });
        }
        HostFirewallZone zone = host.On(firewall => firewall.Get()).GetZone("public");
        Assert.True(Assert.Single(zone.RichRules) is { Source: "ipset guests", Element: "port 99/udp" });
        host.On(firewall => firewall.SetZone(new ZoneRequest { Zone = "public", AddForwards = [new PortForwardRequest { Port = "81", ToPort = "82" }] }, SilentObserver.Instance));
        Assert.Equal("port=80:proto=tcp:toport=8080:toaddr=10.77.0.9\nport=81:proto=tcp:toport=82:toaddr=", host.FirewallCommand("--permanent --list-forward-ports"));
        Assert.Contains("guests", host.FirewallCommand("--list-rich-rules"));

        // What the files say without firewalld is the same.
        PolicyFiles files = new([Path.Combine(host.Options.Configuration, "firewall")]);
        Assert.True(Assert.Single(files.ReadPolicies(SilentObserver.Instance)) is { Name: "out", Target: "REJECT", Priority: -5, RichRules: [{ Destination: "NOT 10.0.0.0/8" }] });
        Assert.True(Assert.Single(files.ReadIpSets(SilentObserver.Instance)) is { Name: "guests", Entries: ["10.77.0.0/24"], Options: ["family=inet"] });
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
