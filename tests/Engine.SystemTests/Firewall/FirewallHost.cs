using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.SystemTests.Network;
using LayerImage.Testing.Host;

namespace LayerImage.Engine.SystemTests.Firewall;

/// <summary>
/// A host, another host on a cable to it, and a container behind the host's bridge: three network namespaces that end
/// with the test. The host is 10.77.0.1 and fd77::1, the other 10.77.0.2, the container 10.78.0.2; the host's port 8081
/// is published from the container's 8080.
/// </summary>
internal sealed class FirewallHost : IDisposable
{
    // The host that the tests run on may have one, and a firewalld of its own.
    private static readonly ServiceManagerPaths s_noServiceManager = new("/nonexistent", "/nonexistent", []);

    private readonly List<Process> _processes = [];
    private readonly List<Socket> _sockets = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("limg-firewall-").FullName;

    public FirewallHost()
    {
        Options = new EngineOptions
        {
            Root = Path.Combine(_folder, "root"),
            Run = Path.Combine(_folder, "run"),
            Configuration = Path.Combine(_folder, "etc"),
            // The host that the tests run on may have a bus, with a firewalld of its own.
            EnvironmentVariable = name => name == Firewalld.BusVariable ? $"unix:path={BusPath}" : null,
        };
        HostPid = Namespace();
        PeerPid = Namespace();
        ContainerPid = Namespace();
        try
        {
            Connect();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public EngineOptions Options { get; private set; }

    /// <summary>The socket of this host's system bus, once <see cref="StartFirewalld"/> was called.</summary>
    public string BusPath => Path.Combine(_folder, "bus");

    public int HostPid { get; }

    public int PeerPid { get; }

    public int ContainerPid { get; }

    public string ZoneFolder => Path.Combine(Options.Configuration, "firewall", "zones");

    /// <summary>Calls the firewall in the host's namespace.</summary>
    public T On<T>(Func<IHostFirewall, T> action, EngineOptions? options = null) =>
        NetworkThread.Run($"/proc/{HostPid}/ns/net", () => action(HostFirewalls.Open(options ?? Options, s_noServiceManager)));

    public void On(Action<IHostFirewall> action) => On(firewall =>
    {
        action(firewall);
        return true;
    });

    public HostFirewall Start() => On(firewall => firewall.Start(Errors.SilentObserver.Instance));

    public void Sync() => On(firewall => firewall.Sync(new SyncOptions(), Errors.SilentObserver.Instance));

    public HostPortRule Set(string port, PortRuleScope? scope = null, TimeSpan? timeout = null, string? source = null) =>
        On(firewall => firewall.SetRule(new PortRuleRequest { Port = port, Scope = scope, Timeout = timeout, Source = source }));

    public void Remove(string port, PortRuleScope? scope = null, string? source = null) =>
        On(firewall => firewall.RemoveRule(new PortRuleRequest { Port = port, Scope = scope, Source = source }));

    public void Listen(int pid, params int[] ports)
    {
        foreach (int port in ports)
        {
            Socket socket = NetworkThread.Run($"/proc/{pid}/ns/net", () => new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true });
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
            socket.Listen();
            _sockets.Add(socket);
        }
    }

    /// <summary>An established connection from the other host, and the host's end of it.</summary>
    public (Socket Here, Socket There) Connect(int port)
    {
        Socket there = TryConnect(PeerPid, "10.77.0.1", port) ?? throw new InvalidOperationException($"{port} is closed");
        Socket listener = _sockets.First(socket => socket.LocalEndPoint is IPEndPoint point && point.Port == port);
        Socket here = listener.Accept();
        while (((IPEndPoint)here.RemoteEndPoint!).Port != ((IPEndPoint)there.LocalEndPoint!).Port)
        {
            here.Dispose();
            here = listener.Accept();
        }
        _sockets.Add(here);
        _sockets.Add(there);
        return (here, there);
    }

    public bool IsOpen(int port, string address = "10.77.0.1") => IsOpenFrom(PeerPid, port, address);

    public bool IsOpenFrom(int pid, int port, string address)
    {
        using Socket? socket = TryConnect(pid, address, port);
        return socket is not null;
    }

    /// <summary>Whom the server sees when the client connects to it.</summary>
    public string SenderSeenBy(int serverPid, int clientPid, string address, int port)
    {
        Listen(serverPid, port);
        using Socket? client = TryConnect(clientPid, address, port);
        using Socket here = _sockets[^1].Accept();
        return ((IPEndPoint)here.RemoteEndPoint!).Address.MapToIPv4().ToString();
    }

    public bool Pings(string address) => NetworkThread.Run($"/proc/{PeerPid}/ns/net", () =>
    {
        using Ping ping = new();
        try
        {
            return ping.Send(address, 2000).Status == IPStatus.Success;
        }
        catch (PingException)
        {
            // Refused, and told so.
            return false;
        }
    });

    /// <summary>The nft ruleset of the host without what the fixture made.</summary>
    public string Ruleset() => Shell(HostPid, "nft list ruleset | sed '/^table ip test_nat/,/^}/d'");

    public string Shell(int pid, string script)
    {
        ProcessStartInfo start = new("nsenter", [$"--net=/proc/{pid}/ns/net", "sh", "-ec", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{script}: {error.Result}{output}");
    }

    /// <summary>A program that lives as long as the test.</summary>
    public Process Spawn(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        ProcessStartInfo start = new(arguments[0], arguments.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        Process process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }

    /// <summary>A system bus and a real firewalld on this host, without systemd. Its configuration is that of the native firewall.</summary>
    public Process StartFirewalld()
    {
        if (!File.Exists(BusPath))
        {
            Spawn(Firewalld.BusCommand(BusPath));
            Firewalld.Wait(() => File.Exists(BusPath));
        }
        Process firewalld = Spawn(["nsenter", $"--net=/proc/{HostPid}/ns/net", .. Firewalld.Command(Path.Combine(Options.Configuration, "firewall"))],
            new Dictionary<string, string> { [Firewalld.BusVariable] = $"unix:path={BusPath}" });
        Firewalld.Wait(() => TryFirewallCommand("--state") == "running");
        return firewalld;
    }

    /// <summary>What firewall-cmd says.</summary>
    public string FirewallCommand(string arguments) => Shell(HostPid, $"{Firewalld.BusVariable}=unix:path={BusPath} firewall-cmd {arguments}").Trim();

    private string? TryFirewallCommand(string arguments)
    {
        try
        {
            return FirewallCommand(arguments);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        foreach (Process process in Enumerable.Reverse(_processes))
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private void Connect()
    {
        Shell(HostPid, $$"""
            ip link set lo up
            ip link add eth0 type veth peer name eth0 netns {{PeerPid}}
            ip link add limg0 type bridge
            ip link add c1 type veth peer name eth0 netns {{ContainerPid}}
            ip link set c1 master limg0 up; ip link set limg0 up; ip link set eth0 up
            ip address add 10.77.0.1/24 dev eth0; ip -6 address add fd77::1/64 dev eth0 nodad
            ip address add 10.78.0.1/24 dev limg0
            echo 1 > /proc/sys/net/ipv4/ip_forward
            nft 'table ip test_nat { chain pre { type nat hook prerouting priority dstnat; fib daddr type local tcp dport 8081 dnat to 10.78.0.2:8080; }; chain out { type nat hook output priority -100; fib daddr type local tcp dport 8081 dnat to 10.78.0.2:8080; }; }'
            """);
        Shell(PeerPid, """
            ip link set lo up; ip link set eth0 up
            ip address add 10.77.0.2/24 dev eth0; ip -6 address add fd77::2/64 dev eth0 nodad
            ip route add 10.78.0.0/24 via 10.77.0.1
            """);
        Shell(ContainerPid, """
            ip link set lo up; ip link set eth0 up
            ip address add 10.78.0.2/24 dev eth0; ip route add default via 10.78.0.1
            """);
    }

    private static Socket? TryConnect(int pid, string address, int port)
    {
        IPAddress target = IPAddress.Parse(address);
        Socket socket = NetworkThread.Run($"/proc/{pid}/ns/net", () => new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(3));
        try
        {
            socket.ConnectAsync(target, port, patience.Token).AsTask().GetAwaiter().GetResult();
            return socket;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>A namespace lives while its process does, and that reads from a pipe of ours: it ends even when the tests are killed.</summary>
    private int Namespace()
    {
        string own = File.ResolveLinkTarget("/proc/self/ns/net", false)!.Name;
        Process process = Spawn(["unshare", "--net", "cat"]);
        while (File.ResolveLinkTarget($"/proc/{process.Id}/ns/net", false)?.Name == own)
        {
            Thread.Sleep(2);
        }
        return process.Id;
    }
}
