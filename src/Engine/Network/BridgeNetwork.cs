using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Processes;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>
/// A bridge on the host, a veth pair for each container, NAT by nftables. Links, addresses and published ports are
/// messages to the kernel; a program (nft) is started only to make the rules, once after each boot.
/// </summary>
internal sealed partial class BridgeNetwork : INetworkBackend
{
    private const string ContainerInterface = "eth0", HostInterfacePrefix = "lv";
    private const int MaximumInterfaceName = 15; // IFNAMSIZ (linux/if.h) less the terminating zero
    private const int ENODEV = 19;

    private readonly NetworkOptions _options;
    private readonly HostForwarding _forwarding;
    private readonly bool _oldKernel;

    /// <param name="options">Names and addresses.</param>
    /// <param name="oldKernel">Whether to go the way of kernels before 6.12, and before 6.6: for tests.</param>
    public BridgeNetwork(NetworkOptions options, bool oldKernel = false)
    {
        _oldKernel = oldKernel;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.BridgeName.Length, MaximumInterfaceName, nameof(options));
        if (!IsWord(options.BridgeName) || !IsWord(options.TableName))
        {
            throw new ArgumentException("The network's names must be plain words.", nameof(options));
        }
        _options = options;
        _forwarding = HostForwarding.For(options);
    }

    public bool IsReady() => IfNameToIndex(_options.BridgeName) != 0 && HasRules();

    public bool EnsureReady(bool anew = false)
    {
        bool linked = IsLinked();
        if (!linked)
        {
            MakeBridge();
        }
        LinkTrust.End(_options.BridgeName); // somebody may have set "all" links to believe again
        bool ruled = linked && !anew && HasRules(); // a bridge that is made again may have other addresses
        if (!ruled)
        {
            MakeRules();
        }
        Forward();
        return !linked || !ruled;
    }

    public async Task<NetworkAttachment?> AttachAsync(string containerId, IPAddress address, CancellationToken cancellationToken)
    {
        NetworkAttachment attachment = Describe(containerId);
        Directory.CreateDirectory(_options.NamespaceFolder);
        if (File.Exists(attachment.NamespacePath))
        {
            await DetachAsync(containerId, cancellationToken).ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        using NetlinkSocket host = NetlinkSocket.OpenRoute();
        IPNetwork subnet = _options.Subnet; // here: inside are other routes
        try
        {
            int bridge = (int)IfNameToIndex(_options.BridgeName);
            await NetworkNamespace.CreateAsync(attachment.NamespacePath, (handle, inside) =>
            {
                host.Execute(RouteMessages.AddVeth(attachment.HostInterface, bridge, ContainerInterface, address, (int)handle.DangerousGetHandle()),
                    $"{attachment.HostInterface} on {_options.BridgeName}");
                Configure(inside, address, subnet);
            }).ConfigureAwait(false);
            int link = (int)IfNameToIndex(attachment.HostInterface);
            // While the link is down: until the address is its own nothing can come from it.
            if (!AddressOwner.TryTake(host, link, address))
            {
                await DetachAsync(containerId, CancellationToken.None).ConfigureAwait(false);
                return null;
            }
            LinkTrust.End(attachment.HostInterface);
            if (!_oldKernel)
            {
                _ = LoopbackGuard.TryAttach(link);
            }
            Guard(SourceRules.Add(_options, attachment.HostInterface, address), attachment.HostInterface);
            host.Execute(RouteMessages.SetHairpin(link), attachment.HostInterface);
            host.Execute(RouteMessages.SetUp(link), attachment.HostInterface);
            _forwarding.Open(); // again: the last container may have gone, and turned it off, since this one was none yet
            return attachment;
        }
        catch (Exception e)
        {
            await DetachAsync(containerId, CancellationToken.None).ConfigureAwait(false);
            throw e is LinuxException linux ? Failed($"Container {containerId} could not be connected to {_options.BridgeName}", linux) : e;
        }
    }

    public Task DetachAsync(string containerId, CancellationToken cancellationToken)
    {
        NetworkAttachment attachment = Describe(containerId);
        // Taking a link down waits for the kernel's other CPUs to let go of it: milliseconds.
        return Task.Run(() =>
        {
            using NetlinkSocket host = NetlinkSocket.OpenRoute();
            // The link first: once the file is gone nothing names this container any more.
            if (AddressOwner.Find(host, attachment.HostInterface) is LinkInfo link)
            {
                host.Execute(RouteMessages.DeleteLink(link.Name), link.Name, tolerated: ENODEV);
                if (AddressOwner.AddressOf(link) is IPAddress address)
                {
                    Guard(SourceRules.Delete(_options, link.Name, address), link.Name);
                }
            }
            else
            {
                Guard(SourceRules.Forget(_options, attachment.HostInterface), attachment.HostInterface);
            }
            NetworkNamespace.Delete(attachment.NamespacePath);
            _forwarding.CloseIfUnused();
        }, cancellationToken);
    }

    public IReadOnlyList<NetworkAttachment> ListAttachments() =>
        Directory.Exists(_options.NamespaceFolder)
            ? [.. Directory.EnumerateFiles(_options.NamespaceFolder).Order(StringComparer.Ordinal).Select(path => Describe(Path.GetFileName(path)))]
            : [];

    public IReadOnlySet<IPAddress> ListAddresses() =>
        AddressOwner.CablesOf(_options.BridgeName).Select(cable => cable.Address).ToHashSet();

    private void MakeRules()
    {
        NftProgram nft = new();
        GuardSources(nft);
        // Last: that these are there says that the others are as far as this kernel has them.
        nft.Run(NetworkRules.Compose(_options), EngineError.NetworkFailed);
    }

    private void Forward()
    {
        try
        {
            _forwarding.Open();
        }
        catch (LinuxException e)
        {
            throw Failed("The host could not be made to forward packets for containers", e);
        }
    }

    // Of all cables, whatever store their containers are of: who flushed the ruleset has flushed this for all of them.
    private void GuardSources(NftProgram nft)
    {
        try
        {
            nft.Run(SourceRules.Compose(_options, AddressOwner.CablesOf(_options.BridgeName)), EngineError.NetworkFailed);
        }
        catch (LayerImageException e) when (e.Error == EngineError.NetworkFailed)
        {
            // A kernel without tables of family bridge (CONFIG_NF_TABLES_BRIDGE): the rules of family inet still refuse
            // addresses that no container has.
        }
    }

    // Where the table is not there, this kernel has none, or a flush of the ruleset came between: the next look restores it from the links.
    private static void Guard(IReadOnlyList<NetlinkMessage> requests, string link)
    {
        int errno = Execute(requests);
        if (errno is not (0 or LinuxException.ENOENT))
        {
            throw new LinuxException("netlink", errno, $"the source address of {link}");
        }
    }

    private bool HasRules()
    {
        try
        {
            return NetworkRules.AreThere(_options);
        }
        catch (LinuxException e)
        {
            throw Failed("The rules of the container network cannot be seen", e);
        }
    }

    /// <summary>Whether the bridge is there, up and has its address: then, and only then, the kernel has the route to its subnet.</summary>
    private bool IsLinked() => HostRoutes.Read().Contains((_options.BridgeName, _options.Subnet));

    private void MakeBridge()
    {
        IPNetwork subnet = _options.Subnet;
        if (SubnetChoice.FindOther(_options.BridgeName, subnet, HostRoutes.Read()) is (string other, IPNetwork destination))
        {
            throw new LayerImageException(EngineError.NetworkFailed,
                $"The container network {subnet} cannot be made: this host reaches {destination} through {other}.")
            {
                Target = subnet.ToString(),
                Advice = $"All of {string.Join(", ", SubnetChoice.Candidates)} are in use by this host; "
                    + "make one of them free (ip route), or use -Network host.",
            };
        }
        IPAddress gateway = AddressPool.Gateway(subnet);
        try
        {
            // Another process may do the same at this moment, so what exists already is as good as made.
            using NetlinkSocket socket = NetlinkSocket.OpenRoute();
            socket.Execute(RouteMessages.AddBridge(_options.BridgeName, gateway), _options.BridgeName, tolerated: LinuxException.EEXIST);
            LinkTrust.End(_options.BridgeName);
            KernelParameter.Set($"net/ipv4/conf/{_options.BridgeName}/route_localnet", "1");
            int index = (int)IfNameToIndex(_options.BridgeName);
            socket.Execute(RouteMessages.AddAddress(index, gateway, AddressPool.Broadcast(subnet), subnet.PrefixLength),
                $"{gateway} on {_options.BridgeName}", tolerated: LinuxException.EEXIST);
            socket.Execute(RouteMessages.SetUp(index), _options.BridgeName);
        }
        catch (LinuxException e)
        {
            throw Failed($"The container network {_options.BridgeName} could not be made", e);
        }
    }

    private static void Configure(NetlinkSocket inside, IPAddress address, IPNetwork subnet)
    {
        inside.Execute(RouteMessages.SetUp(RouteMessages.LoopbackIndex), "lo");
        int index = (int)IfNameToIndex(ContainerInterface);
        LinkTrust.End(ContainerInterface);
        inside.Execute(RouteMessages.AddAddress(index, address, AddressPool.Broadcast(subnet), subnet.PrefixLength), $"{address} on {ContainerInterface}");
        inside.Execute(RouteMessages.SetUp(index), ContainerInterface);
        IPAddress gateway = AddressPool.Gateway(subnet);
        inside.Execute(RouteMessages.AddDefaultRoute(index, gateway), $"default route by {gateway}");
    }

    private NetworkAttachment Describe(string containerId)
    {
        if (!IsWord(containerId))
        {
            throw new ArgumentException($"'{containerId}' is not a container id.", nameof(containerId));
        }
        string name = HostInterfacePrefix + containerId;
        return new NetworkAttachment(containerId, Path.Combine(_options.NamespaceFolder, containerId),
            name.Length <= MaximumInterfaceName ? name : name[..MaximumInterfaceName]);
    }

    // Names go into nft text, interface names and paths: what is none of a letter, digit, _ or - is a bug of the caller.
    private static bool IsWord(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static LayerImageException Failed(string what, LinuxException e) =>
        new(e.Error == EngineError.NotPrivileged ? e.Error : EngineError.NetworkFailed, $"{what}: {e.Message}", e)
        {
            Target = e.Target,
            Advice = e.Error == EngineError.NotPrivileged ? "Run as root." : null,
        };
}
