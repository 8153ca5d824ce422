using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Network;
using LayerImage.Engine.Processes;
using Xunit;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.SystemTests.Network;

/// <summary>
/// A container network of the test's own and another host ("peer", 192.0.2.2) joined to this one (192.0.2.1) by a
/// cable. Disposing takes all of it away and checks that the kernel is as before.
/// </summary>
internal sealed class TestNetwork : IAsyncDisposable
{
    public const string HostAddress = "192.0.2.1";
    private const string Cable = "limgpeer";

    private readonly string _folder = Directory.CreateTempSubdirectory("limg-net-").FullName;
    private readonly string _before;
    private readonly List<EchoServer> _servers = [];
    private readonly List<(string Path, string Name)> _cables = [];
    private readonly List<(string Id, IPAddress Address, PortMapping[] Mappings)> _published = [];

    private TestNetwork(bool oldKernel)
    {
        using (NetlinkSocket socket = NetlinkSocket.OpenRoute())
        {
            socket.Execute(RouteMessages.SetUp(RouteMessages.LoopbackIndex), "lo");
        }
        _before = State();
        Options = new NetworkOptions { BridgeName = "limgtest0", TableName = "layerimage_test", Subnet = IPNetwork.Parse("10.93.0.0/16"), NamespaceFolder = Path.Combine(_folder, "netns") };
        Backend = new BridgeNetwork(Options, oldKernel);
    }

    public NetworkOptions Options { get; }

    public BridgeNetwork Backend { get; set; }

    /// <summary>A path beside the containers' namespaces.</summary>
    public string this[string name] => Path.Combine(_folder, name);

    public string PeerPath => Path.Combine(_folder, "peer");

    public static async Task<TestNetwork> CreateAsync(bool oldKernel = false)
    {
        TestNetwork network = new(oldKernel);
        try
        {
            network.Backend.EnsureReady();
            await network.AddHostAsync(network.PeerPath, Cable, HostAddress, "192.0.2.2");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>A container with a server on a port; its id is <paramref name="name"/>.</summary>
    public async Task<string> AddContainerAsync(string name, string address, params int[] ports)
    {
        NetworkAttachment attachment = await Backend.AttachAsync(name, IPAddress.Parse(address), TestContext.Current.CancellationToken)
            ?? throw new InvalidOperationException($"{address} is taken.");
        foreach (int port in ports)
        {
            _servers.Add(NetworkThread.Run(attachment.NamespacePath, () => EchoServer.StartTcp(name, IPAddress.Any, port)));
            _servers.Add(NetworkThread.Run(attachment.NamespacePath, () => EchoServer.StartUdp(name, IPAddress.Any, port)));
        }
        return attachment.NamespacePath;
    }

    public void Publish(string name, string address, params string[] mappings)
    {
        PortMapping[] parsed = [.. mappings.Select(PortMapping.Parse)];
        _published.Add((name, IPAddress.Parse(address), parsed));
        Backend.Publish(name, IPAddress.Parse(address), parsed);
    }

    public void Unpublish(string name, string address, params string[] mappings) =>
        Backend.Unpublish(name, IPAddress.Parse(address), [.. mappings.Select(PortMapping.Parse)]);

    /// <summary>The published elements, as the kernel has them.</summary>
    public string PublishedElements()
    {
        NftProgram nft = new();
        return nft.List($"map inet {Options.TableName} published", EngineError.NetworkFailed) + nft.List($"map inet {Options.TableName} published_ranges", EngineError.NetworkFailed);
    }

    public async ValueTask DisposeAsync()
    {
        _servers.ForEach(server => server.Dispose());
        foreach ((string id, IPAddress address, PortMapping[] mappings) in _published)
        {
            Backend.Unpublish(id, address, mappings);
        }
        Assert.DoesNotContain("elem", PublishedElements(), StringComparison.Ordinal);
        foreach (NetworkAttachment attachment in Backend.ListAttachments())
        {
            await Backend.DetachAsync(attachment.ContainerId, CancellationToken.None);
        }
        using (NetlinkSocket socket = NetlinkSocket.OpenRoute())
        {
            _cables.ForEach(cable => _ = socket.TryExecute(RouteMessages.DeleteLink(cable.Name)));
            _ = socket.TryExecute(RouteMessages.DeleteLink(Options.BridgeName));
        }
        _cables.ForEach(cable => NetworkNamespace.Delete(cable.Path));
        new NftProgram().Run($"delete table inet {Options.TableName}; delete table bridge {Options.TableName}", EngineError.NetworkFailed);
        Directory.Delete(_folder, recursive: true);
        Assert.Equal(_before, State());
    }

    /// <summary>Links, tables and pinned namespaces.</summary>
    public static string State()
    {
        IEnumerable<string> links = File.ReadLines("/proc/thread-self/net/dev").Skip(2).Select(line => line.Split(':')[0].Trim()).Order();
        IEnumerable<string> pins = File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - nsfs ", StringComparison.Ordinal));
        return string.Join('\n', [.. links, .. pins, new NftProgram().List("ruleset", EngineError.NetworkFailed)]);
    }

    /// <summary>Another host, joined to this one by a cable; this one is its router.</summary>
    public async Task AddHostAsync(string path, string cable, string ownAddress, string itsAddress)
    {
        _cables.Add((path, cable));
        using NetlinkSocket host = NetlinkSocket.OpenRoute();
        IPAddress own = IPAddress.Parse(ownAddress), other = IPAddress.Parse(itsAddress), broadcast = AddressPool.Broadcast(new IPNetwork(new IPAddress([.. own.GetAddressBytes()[..3], 0]), 24));
        await NetworkNamespace.CreateAsync(path, (handle, inside) =>
        {
            host.Execute(RouteMessages.AddVeth(cable, 0, "eth0", other, (int)handle.DangerousGetHandle()), cable);
            int index = (int)IfNameToIndex("eth0");
            inside.Execute(RouteMessages.SetUp(RouteMessages.LoopbackIndex), "lo");
            inside.Execute(RouteMessages.AddAddress(index, other, broadcast, 24), "address");
            inside.Execute(RouteMessages.SetUp(index), "eth0");
            inside.Execute(RouteMessages.AddDefaultRoute(index, own), "route");
        });
        host.Execute(RouteMessages.AddAddress((int)IfNameToIndex(cable), own, broadcast, 24), "address");
        host.Execute(RouteMessages.SetUp((int)IfNameToIndex(cable)), cable);
    }
}
