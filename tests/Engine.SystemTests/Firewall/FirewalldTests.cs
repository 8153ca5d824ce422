using System.Diagnostics;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;
using LayerImage.Engine.Store;
using LayerImage.Testing;
using Xunit;

namespace LayerImage.Engine.SystemTests.Firewall;

public class FirewalldTests
{
    [Fact]
    public void RealFirewalld_ReadsOurFilesAndWeReadIts()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("firewalld"), Requires.Tool("firewall-cmd"), Requires.Tool("dbus-daemon"), Requires.Tool("nft"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        using FirewallHost host = new();
        host.Set("9200", PortRuleScope.Permanent);
        host.Set("8000-8010", PortRuleScope.Permanent, source: "10.0.0.0/8");
        File.Copy("/etc/firewalld/firewalld.conf", Path.Combine(host.Options.Configuration, "firewall", "firewalld.conf"));

        (Process firewalld, string bus) = Start(host);
        string Command(string arguments) => host.Shell(host.HostPid, $"DBUS_SYSTEM_BUS_ADDRESS={bus} firewall-cmd {arguments}").Trim();

        Assert.Equal("9200/tcp", Command("--list-ports"));
        Assert.Equal("rule family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"8000-8010\" protocol=\"tcp\" accept", Command("--list-rich-rules"));
        Assert.Contains("ssh", Command("--list-services"));

        LayerImageException error = Assert.Throws<LayerImageException>(host.Start);
        Assert.Equal(EngineError.FirewallOwned, error.Error);
        Assert.Contains("firewall-cmd", error.Advice);
        Assert.Equal(EngineError.FirewallOwned, Assert.Throws<LayerImageException>(() => host.Set("1")).Error);
        Assert.True(host.On(firewall => firewall.Get()) is { Backend: FirewallBackend.Firewalld, Running: true });
        Assert.Contains("firewall-cmd", host.On(firewall => new ContainerPorts(firewall).Open("0123456789ab", "web", [PortMapping.Parse("8081:8080")])));
        // Who listens can be told whoever has the firewall.
        ContainerRecords records = new(StoreDatabase.Open(host.Options.Run + "/state.db"), new NetworkOptions { NamespaceFolder = host.Options.Run }, host.Options.Run);
        host.Listen(host.HostPid, 9200);
        HostPortStatus status = Assert.Single(host.On(firewall => new HostPortService(firewall, records).Get(new PortRange(9200, 9200), PortProtocol.Tcp)));
        Assert.True(status is { Answers: true, IsOpen: null, OpenedBy: "firewalld decides" });

        Command("--permanent --zone=public --add-port=7000-7010/udp");
        Command("--permanent --zone=public --add-port=9100-9300/tcp");
        Command("--permanent --zone=public --add-rich-rule='rule family=\"ipv6\" source address=\"2001:db8::/32\" port port=\"53\" protocol=\"udp\" accept'");
        Command("--permanent --zone=public --add-masquerade");
        firewalld.Kill(entireProcessTree: true);
        firewalld.WaitForExit();
        host.Shell(host.HostPid, "nft delete table inet firewalld 2>/dev/null || true");

        Assert.Equal(["9100-9300/Tcp/", "8000-8010/Tcp/10.0.0.0/8", "53/Udp/2001:db8::/32", "7000-7010/Udp/"],
            host.On(firewall => firewall.GetRules()).OrderBy(rule => rule.Protocol).ThenBy(rule => rule.Source is not null && rule.Protocol == FirewallProtocol.Tcp)
                .Select(rule => $"{rule.Port}/{rule.Protocol}/{rule.Source}"));
        host.Set("9400", PortRuleScope.Permanent);
        Assert.Contains("<masquerade", File.ReadAllText(Path.Combine(host.ZoneFolder, "public.xml")));
    }

    private static (Process, string) Start(FirewallHost host)
    {
        string folder = host.Options.Run, bus = $"unix:path={folder}/bus";
        Directory.CreateDirectory(folder);
        string configuration = Path.Combine(folder, "bus.conf");
        File.WriteAllText(configuration, $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>system</type><listen>{bus}</listen>
            <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>
            """);
        Dictionary<string, string> environment = new() { ["DBUS_SYSTEM_BUS_ADDRESS"] = bus };
        host.Spawn(["dbus-daemon", $"--config-file={configuration}", "--nofork", "--nopidfile"]);
        Wait(() => File.Exists(Path.Combine(folder, "bus")));
        Process firewalld = host.Spawn(["nsenter", $"--net=/proc/{host.HostPid}/ns/net", "firewalld", "--nofork", "--nopid",
            "--system-config", Path.Combine(host.Options.Configuration, "firewall"), "--log-file", Path.Combine(folder, "log")], environment);
        Wait(() =>
        {
            try
            {
                return host.Shell(host.HostPid, $"DBUS_SYSTEM_BUS_ADDRESS={bus} firewall-cmd --state").Trim() == "running";
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        });
        return (firewalld, bus);
    }

    private static void Wait(Func<bool> condition)
    {
        for (Stopwatch time = Stopwatch.StartNew(); !condition(); Thread.Sleep(50))
        {
            Assert.True(time.Elapsed < TimeSpan.FromSeconds(30), "it did not come up");
        }
    }
}
