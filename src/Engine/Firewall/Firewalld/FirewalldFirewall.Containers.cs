using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Containers beside firewalld. It forwards nothing for a bridge that is in no zone, so the bridge is bound to
/// <c>trusted</c>, on the disk too: then it outlives a reload. It lets in whatever was translated, so a published port is
/// asked about in a table of our own (<see cref="NftZoneTable.Guard"/>), which says what firewalld's zones say; the Agent
/// keeps it true while there are containers.
/// </summary>
internal sealed partial class FirewalldFirewall
{
    private const string Trusted = "trusted";

    public void AdmitContainers(IEngineObserver observer)
    {
        using IDisposable held = Lock();
        if (!BindBridge(observer) || !NftZoneTable.Guard.IsLoaded)
        {
            RefreshGuard(observer);
        }
        FirewalldWatch.Ensure(options);
    }

    public bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone)
    {
        PortRuleSpec spec = PortRuleSpec.From(new PortRuleRequest { Port = port, Protocol = protocol, Zone = zone, Scope = PortRuleScope.Runtime });
        using IDisposable held = Lock();
        if (NftZoneTable.Guard.Read() is not { } guard)
        {
            RefreshGuard(SilentObserver.Instance);
            guard = NftZoneTable.Guard.Read()!;
        }
        NftZoneTable.Guard.Own(guard, spec, containerId);
        return true;
    }

    public void CloseForContainer(string containerId)
    {
        using IDisposable held = Lock();
        if (NftZoneTable.Guard.Read() is { } guard)
        {
            NftZoneTable.Guard.Disown(guard.Zones.Values, containerId, only: null);
        }
    }

    /// <summary>What the Agent does whenever firewalld has changed.</summary>
    public void Reconcile()
    {
        using IDisposable held = Lock();
        _ = BindBridge(SilentObserver.Instance);
        RefreshGuard(SilentObserver.Instance);
    }

    /// <summary>Makes the guard say what firewalld's running zones say, in one transaction; containers' own rules stay.</summary>
    private void RefreshGuard(IEngineObserver observer)
    {
        FirewallState zones = ReadRuntime();
        Func<string, ServiceDefinition?> find = FindServices(zones);
        FirewallState kept = NftZoneTable.Guard.Read() is { } current ? NftZoneTable.KeepOwned(zones, current, observer) : zones;
        NftZoneTable.Guard.Load(kept, ServiceResolver.Resolve(kept.Zones.Values, (name, _) => find(name)));
    }

    private void RefreshGuardIfThere(IEngineObserver observer)
    {
        // An ordinary user whom polkit lets change a rule cannot see the table; the Agent does it for him.
        if (Environment.IsPrivilegedProcess && NftZoneTable.Guard.IsLoaded)
        {
            RefreshGuard(observer);
        }
    }

    /// <summary>Binds the bridge to a zone; false when it was not bound to one.</summary>
    private bool BindBridge(IEngineObserver observer)
    {
        const string Bridge = NftFirewallScript.ContainerBridge;
        if (bus.RuntimeZoneOf(Bridge).Length > 0)
        {
            return true;
        }
        string zone = bus.PermanentZoneOf(Bridge);
        if (zone.Length == 0)
        {
            zone = Trusted;
            string[] interfaces = [.. bus.PermanentZones(zone)[zone].Read().Interfaces, Bridge];
            bus.SetPermanent(zone, new Dictionary<string, VariantValue> { ["interfaces"] = VariantValue.Array(interfaces) });
            observer.Verbose($"The containers' bridge {Bridge} is in firewalld's zone {zone} from now on.");
        }
        bus.AddInterface(zone, Bridge);
        return false;
    }

    private void RemoveOwned(PortRuleSpec spec, string owner)
    {
        using IDisposable held = Lock();
        if (NftZoneTable.Guard.Read() is not { } guard
            || !NftZoneTable.Guard.Disown([guard.GetZone(spec.Zone ?? guard.DefaultZone)], owner, spec))
        {
            throw spec.NotFound();
        }
    }

    /// <summary>The settings with the containers' rules, which firewalld does not know.</summary>
    private static FirewallState WithOwned(FirewallState state) =>
        Environment.IsPrivilegedProcess && NftZoneTable.Guard.Read() is { } guard ? NftZoneTable.KeepOwned(state, guard, SilentObserver.Instance) : state;
}
