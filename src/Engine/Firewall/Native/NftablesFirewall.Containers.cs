using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

internal sealed partial class NftablesFirewall
{
    // Its own rules let containers out, and ask the zones about their published ports.
    public void AdmitContainers(IEngineObserver observer)
    {
    }

    public bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone)
    {
        PortRuleSpec spec = PortRuleSpec.From(new PortRuleRequest { Port = port, Protocol = protocol, Zone = zone, Scope = PortRuleScope.Runtime });
        using IDisposable held = Lock();
        if (s_table.Read() is not { } state)
        {
            return false;
        }
        s_table.Own(state, spec, containerId);
        return true;
    }

    public void CloseForContainer(string containerId)
    {
        using IDisposable held = Lock();
        if (s_table.Read() is { } state)
        {
            s_table.Disown(state.Zones.Values, containerId, only: null);
        }
    }

    private void RemoveOwned(PortRuleSpec spec, string owner)
    {
        using IDisposable held = Lock();
        FirewallState state = MustRun();
        if (!s_table.Disown([state.GetZone(spec.Zone ?? state.DefaultZone)], owner, spec))
        {
            throw spec.NotFound();
        }
    }
}
