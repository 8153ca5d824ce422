using System.Net;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>A mapping that has its host ports.</summary>
/// <param name="Mapping">It.</param>
/// <param name="Container">Whose it is; null for the one that is about to be started.</param>
internal sealed record TakenPort(PortMapping Mapping, string? Container);

/// <summary>
/// Host ports chosen and held: a bound socket for each, so that no other process of the host takes a port that
/// is published. The monitor of a container inherits the sockets; they are free again when it ends, however it ends.
/// </summary>
internal sealed class PortReservation : IDisposable
{
    /// <summary>How many sockets one container may hold: descriptors are not free, and the usual limit of a process is not far above.</summary>
    internal const int MaximumHeldPorts = 1024;

    private const int EADDRNOTAVAIL = 99, IPPROTO_TCP = 6, IPPROTO_UDP = 17;

    private readonly List<PortMapping> _mappings = [];
    private readonly List<SafeFileHandle> _handles = [];
    private readonly List<PortMapping> _notHeld = [];
    private readonly IReadOnlyCollection<TakenPort> _taken;

    private PortReservation(IReadOnlyCollection<TakenPort> taken) => _taken = taken;

    /// <summary>The mappings asked for, with every host port chosen.</summary>
    public IReadOnlyList<PortMapping> Mappings => _mappings;

    /// <summary>The sockets that hold the ports, closed on exec: who starts the monitor hands it duplicates.</summary>
    public IReadOnlyList<SafeFileHandle> Handles => _handles;

    /// <summary>
    /// Mappings whose ports were free but are not held: they are more than <see cref="MaximumHeldPorts"/>, or SCTP, which the
    /// host may not have.
    /// </summary>
    public IReadOnlyList<PortMapping> NotHeld => _notHeld;

    /// <summary>Chooses and holds the host ports of some mappings, in the calling thread's network namespace: all or none.</summary>
    /// <param name="requested">What to publish; host ports may be still to be chosen.</param>
    /// <param name="taken">What other containers publish or will publish when they start, as the store says.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInUse"/>, or <see cref="EngineError.PortInvalid"/> for an
    /// address that is not the host's.</exception>
    public static PortReservation Reserve(IReadOnlyList<PortMapping> requested, IReadOnlyCollection<TakenPort> taken)
    {
        PortReservation reservation = new(taken);
        try
        {
            // Fixed ports first, so that no random choice takes one of them away.
            PortMapping[] chosen = new PortMapping[requested.Count];
            foreach ((int index, PortMapping mapping) in requested.Index().OrderBy(item => item.Item.IsChosen ? 0 : item.Item.HostPort != 0 ? 1 : 2))
            {
                NetworkRules.RequirePublishable(mapping);
                chosen[index] = reservation.Take(mapping);
                reservation._mappings.Add(chosen[index]);
            }
            reservation._mappings.Clear();
            reservation._mappings.AddRange(chosen);
            return reservation;
        }
        catch
        {
            reservation.Dispose();
            throw;
        }
    }

    /// <summary>Closes this process's sockets; duplicates in a monitor still hold the ports.</summary>
    public void Dispose() => _handles.ForEach(handle => handle.Dispose());

    private PortMapping Take(PortMapping mapping)
    {
        if (mapping.IsChosen)
        {
            return TakeChosen(mapping);
        }
        IEnumerable<ushort> candidates = mapping.HostPort == 0
            ? RandomPorts.Read().Candidates(mapping.Count, Random.Shared)
            : Enumerable.Range(mapping.HostPort, mapping.HostPortLast!.Value - mapping.HostPort + 1).Select(port => (ushort)port);
        foreach (ushort port in candidates)
        {
            PortMapping candidate = mapping with { HostPort = port, HostPortLast = null };
            if (TakenBy(candidate) is null && TryHold(candidate, out _))
            {
                return candidate;
            }
        }
        throw InUse(mapping, "none of the ports it may take is free");
    }

    private PortMapping TakeChosen(PortMapping mapping)
    {
        if (TakenBy(mapping) is TakenPort other)
        {
            string who = other.Container is null ? "the same container" : $"the container {other.Container}";
            throw InUse(mapping, $"{who} publishes {other.Mapping}");
        }
        return TryHold(mapping, out ushort refused) ? mapping : throw InUse(mapping, refused);
    }

    private TakenPort? TakenBy(PortMapping mapping) =>
        _taken.Concat(_mappings.Select(own => new TakenPort(own, null))).FirstOrDefault(other => other.Mapping.IsChosen && other.Mapping.Overlaps(mapping));

    private bool TryHold(PortMapping mapping, out ushort refused)
    {
        refused = 0;
        if (mapping.Protocol == PortProtocol.Sctp)
        {
            _notHeld.Add(mapping);
            return true;
        }
        bool hold = _handles.Count + mapping.Count <= MaximumHeldPorts;
        int before = _handles.Count;
        for (int offset = 0; offset < mapping.Count; offset++)
        {
            refused = (ushort)(mapping.HostPort + offset);
            SafeFileHandle? handle = TryOpen(mapping, refused);
            if (handle is null)
            {
                _handles.Skip(before).ToList().ForEach(held => held.Dispose());
                _handles.RemoveRange(before, _handles.Count - before);
                return false;
            }
            if (hold)
            {
                _handles.Add(handle);
                continue;
            }
            handle.Dispose();
        }
        if (!hold)
        {
            _notHeld.Add(mapping);
        }
        return true;
    }

    /// <summary>
    /// A TCP socket that is bound but does not listen: a connection that misses the container's rule is refused
    /// at once. Connections in TIME_WAIT alone also make such a bind fail; with SO_REUSEADDR they do not, but then
    /// only a listening socket keeps others out.
    /// </summary>
    private static SafeFileHandle? TryOpen(PortMapping mapping, ushort port)
    {
        bool tcp = mapping.Protocol == PortProtocol.Tcp;
        IPAddress address = mapping.HostAddress ?? IPAddress.Any;
        SafeFileHandle handle = tcp ? Socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) : Socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
        int errno = TryBind(handle, address, port);
        if (errno == LinuxException.EADDRINUSE && tcp)
        {
            SetSockOpt(handle, SOL_SOCKET, SO_REUSEADDR, 1);
            errno = TryBind(handle, address, port);
            errno = errno == 0 ? TryListen(handle, 1) : errno;
        }
        if (errno == 0)
        {
            return handle;
        }
        handle.Dispose();
        return errno switch
        {
            LinuxException.EADDRINUSE => null,
            EADDRNOTAVAIL =>
                throw new LayerImageException(EngineError.PortInvalid, $"The port '{mapping}' cannot be published: {address} is not an address of this host.")
                {
                    Target = mapping.ToString(),
                    Advice = "Name an address that a network interface of this host has, or none at all for every address.",
                },
            _ => throw new LinuxException("bind", errno, $"{address}:{port}"),
        };
    }

    private static LayerImageException InUse(PortMapping mapping, ushort port)
    {
        PortListener? listener = HostPortProbe.Find(port, port, mapping.Protocol).FirstOrDefault();
        return InUse(mapping, listener is null ? $"another process holds port {port}" : $"port {port} is used by {listener}");
    }

    private static LayerImageException InUse(PortMapping mapping, string why) => new(EngineError.PortInUse, $"The port '{mapping}' cannot be published: {why}.")
    {
        Target = mapping.ToString(),
        Advice = "Publish another host port, stop what uses this one, or leave the host port out to get a free one.",
    };
}
