using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Network;

internal sealed partial class BridgeNetwork
{
    private const int MaximumForgottenPorts = 64;

    public void Publish(string containerId, IPAddress address, IReadOnlyList<PortMapping> mappings)
    {
        if (mappings.Count == 0)
        {
            return;
        }
        int errno = Execute(NetworkRules.Publish(_options, address, mappings));
        if (errno == 0)
        {
            ForgetUdpFlows(address, mappings);
            return;
        }
        string ports = string.Join(", ", mappings);
        string what = $"The ports {ports} of container {containerId} cannot be published";
        // EBUSY: the same key leads elsewhere; EEXIST: it overlaps another one (net/netfilter/nf_tables_api.c).
        throw errno is LinuxException.EEXIST or LinuxException.EBUSY
            ? new LayerImageException(EngineError.PortInUse, $"{what}: one of them leads to another container.")
            {
                Target = ports,
                Advice = "Publish another host port, or stop the container that has this one.",
            }
            : Failed(what, new LinuxException("netlink", errno, $"nftables table {_options.TableName}"));
    }

    public bool IsPublished(IPAddress address, IReadOnlyList<PortMapping> mappings) =>
        mappings.All(mapping => NetworkRules.IsPublished(_options, address, mapping));

    public void Unpublish(string containerId, IPAddress address, IReadOnlyList<PortMapping> mappings)
    {
        if (mappings.Count == 0)
        {
            return;
        }
        // Refused although the rules are there: a port leads to another container by now. Then one by one.
        int errno = Execute(NetworkRules.Unpublish(_options, address, mappings));
        if (errno is LinuxException.EEXIST or LinuxException.EBUSY)
        {
            errno = mappings.Select(mapping => Execute(NetworkRules.Unpublish(_options, address, [mapping]))).ToList()
                .FirstOrDefault(one => one is not (0 or LinuxException.EEXIST or LinuxException.EBUSY));
        }
        if (errno is not (0 or LinuxException.ENOENT))
        {
            throw Failed(
                $"The ports {string.Join(", ", mappings)} of container {containerId} cannot be closed",
                new LinuxException("netlink", errno, $"nftables table {_options.TableName}"));
        }
        ForgetUdpFlows(address, mappings);
    }

    private static int Execute(IReadOnlyList<NetlinkMessage> requests)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        return socket.TryExecuteTogether(requests);
    }

    /// <summary>
    /// A UDP flow keeps the way of its first packet while it goes on, so a client that never pauses would not notice
    /// that a port was published, closed or given to another container.
    /// </summary>
    private void ForgetUdpFlows(IPAddress address, IReadOnlyList<PortMapping> mappings)
    {
        List<PortMapping> udp = [.. mappings.Where(mapping => mapping.Protocol == PortProtocol.Udp)];
        if (udp.Count == 0)
        {
            return;
        }
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        Forget(socket, new UdpFlows(null, address));
        // Each request walks the whole table; flows to a large range that nobody answered may just as well expire.
        foreach (PortMapping mapping in udp.Where(mapping => mapping.Count <= MaximumForgottenPorts))
        {
            for (int offset = 0; offset < mapping.Count; offset++)
            {
                Forget(socket, new UdpFlows((ushort)(mapping.HostPort + offset), null));
            }
        }
    }

    private void Forget(NetlinkSocket socket, UdpFlows flows)
    {
        if (!_oldKernel && socket.TryExecute(ConntrackMessages.Forget(flows)) == 0)
        {
            return;
        }
        // Linux before 6.12 (Debian 12's is 6.1) lists by a filter, and deletes flows by name only.
        foreach (byte[] flow in socket.List(ConntrackMessages.List(flows)))
        {
            if (ConntrackMessages.ForgetOne(flow, flows) is NetlinkMessage one)
            {
                _ = socket.TryExecute(one); // it may have ended since
            }
        }
    }
}
