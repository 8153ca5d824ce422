using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// An nftables table of the module's own that holds zones. What it holds is what is true: it is read, never remembered.
/// Each call acts in the network namespace of the calling thread and is one transaction.
/// </summary>
internal sealed class NftZoneTable(string name, bool filtersHost)
{
    /// <summary>A comment holds 128 bytes; with short ids nine containers fit, each on an address of its own.</summary>
    private const int ShortIdLength = 12;

    /// <summary>The native firewall: packets to the host and to published ports.</summary>
    public static NftZoneTable Firewall { get; } = new("layerimage_firewall", filtersHost: true);

    /// <summary>Beside firewalld, which lets every published port in: packets to published ports only, by firewalld's zones.</summary>
    public static NftZoneTable Guard { get; } = new("layerimage_guard", filtersHost: false);

    public string Name => name;

    /// <summary>It filters packets to the host too, and not only those to containers.</summary>
    public bool FiltersHost => filtersHost;

    public bool IsLoaded => NftMessages.HasTable(name);

    /// <summary>What it holds, or null when it is not there; nft is not started then.</summary>
    public FirewallState? Read()
    {
        while (IsLoaded)
        {
            try
            {
                return NftFirewallReader.Read(this, NftTableContents.Read(name));
            }
            catch (LayerImageException e) when (e.Error == EngineError.FirewallFailed && !IsLoaded)
            {
                // Another process took it away in between.
            }
        }
        return null;
    }

    /// <summary>Replaces all of it, or makes it.</summary>
    public void Load(FirewallState state, IReadOnlyDictionary<string, IReadOnlyList<ServiceDefinition>> services) =>
        Run(NftFirewallScript.Load(this, state, services));

    public void Delete()
    {
        if (IsLoaded)
        {
            Run(NftFirewallScript.Delete(this));
        }
    }

    /// <summary>Changes the elements of a set.</summary>
    public void Change(PortSetKey key, PortSetChange change, bool exists)
    {
        if (!change.IsEmpty && !exists)
        {
            Run(NftFirewallScript.AddSet(this, key, change.Added));
            return;
        }
        Execute(Messages(key, change));
    }

    /// <summary>
    /// The steps of a change. One whose time may run out between reading and deleting is put there again first, for else the
    /// whole transaction would fail.
    /// </summary>
    internal static IEnumerable<(bool Adds, PortElement Element)> Steps(PortSetChange change) =>

        [
            .. change.Removed.SelectMany(element =>
                (IEnumerable<(bool, PortElement)>)(element.Timeout is null ? [(false, element)] : [(true, element), (false, element)])),
            .. change.Added.Select(element => (true, element)),
        ];

    private IEnumerable<NetlinkMessage> Messages(PortSetKey key, PortSetChange change) => Steps(change)
        .SelectMany(step =>
            (step.Adds
                ? NftMessages.Add(name, key.Name, [NftPortElement.Write(step.Element)])
                : NftMessages.Delete(name, key.Name, [NftPortElement.Write(step.Element)])));

    private void Execute(IEnumerable<NetlinkMessage> messages)
    {
        using NetlinkSocket socket = NetlinkSocket.OpenNetfilter();
        int errno = socket.TryExecuteTogether([.. messages]);
        if (errno != 0)
        {
            throw new LayerImageException(errno == LinuxException.EPERM ? EngineError.NotPrivileged : EngineError.FirewallFailed,
                $"nftables refused a change of table {name}: {new LinuxException("netlink", errno, name).Message}.") { Target = name };
        }
    }

    /// <summary>
    /// Opens ports for a container, in a set of its zone that is apart from the users' rules, so that theirs and a container's
    /// for the same port come and go without knowing each other. The element's comment names the containers.
    /// </summary>
    public void Own(FirewallState state, PortRuleSpec spec, string containerId)
    {
        ZoneSettings zone = state.GetZone(spec.Zone ?? state.DefaultZone);
        PortSetKey key = PortSetKey.OwnedOf(zone.Name);
        Change(key, PortSetAlgebra.AddOwner(zone.Elements(key), spec.Protocol, spec.Range, ShortId(containerId)), zone.Ports.ContainsKey(key));
    }

    /// <summary>Closes what was opened for a container in some zones: all of it, or one range. False when there was nothing.</summary>
    public bool Disown(IEnumerable<ZoneSettings> zones, string containerId, PortRuleSpec? only)
    {
        string owner = ShortId(containerId);
        NetlinkMessage[] messages = [..
            from zone in zones
            let key = PortSetKey.OwnedOf(zone.Name)
            from message in Messages(key, PortSetAlgebra.RemoveOwner(zone.Elements(key), owner, only?.Protocol, only?.Range))
            select message];
        Execute(messages);
        return messages.Length > 0;
    }

    /// <summary>The zones of another configuration with the containers' rules that are here; of a zone that is gone they are lost, and told.</summary>
    public static FirewallState KeepOwned(FirewallState state, FirewallState current, IEngineObserver observer)
    {
        Dictionary<string, ZoneSettings> zones = new(state.Zones);
        foreach (ZoneSettings zone in current.Zones.Values.Where(zone => zone.Elements(PortSetKey.OwnedOf(zone.Name)).Count > 0))
        {
            IReadOnlyList<PortElement> owned = zone.Elements(PortSetKey.OwnedOf(zone.Name));
            if (!zones.TryGetValue(zone.Name, out ZoneSettings? now))
            {
                observer.Warning($"Zone '{zone.Name}' is gone, and with it the ports that were open there for containers: "
                    + string.Join(", ", owned.Select(element => $"{element.Range}/{element.Protocol.Name()} ({element.Owners})")));
                continue;
            }
            zones[zone.Name] =
                now with { Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>>(now.Ports) { [PortSetKey.OwnedOf(zone.Name)] = owned } };
        }
        return state with { Zones = zones };
    }

    private static void Run(string script) => new NftProgram().Run(script, EngineError.FirewallFailed);

    private static string ShortId(string containerId)
    {
        if (!FirewallNames.IsOwner(containerId))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{containerId}' is not a container's id.") { Target = containerId };
        }
        return containerId.Length > ShortIdLength ? containerId[..ShortIdLength] : containerId;
    }
}
