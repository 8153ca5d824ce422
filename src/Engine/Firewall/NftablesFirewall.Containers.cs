using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Containers' rules: in a set of their own in each zone, so that a user's rule for the same port and a container's
/// come and go without knowing each other. The element's comment names the containers.
/// </summary>
internal sealed partial class NftablesFirewall
{
    /// <summary>A comment holds 128 bytes; with short ids nine containers fit, each on an address of its own.</summary>
    private const int ShortIdLength = 12;

    public bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone)
    {
        PortRuleChange change = PortRuleChange.From(new PortRuleRequest { Port = port, Protocol = protocol, Zone = zone, Scope = PortRuleScope.Runtime });
        string owner = ShortId(containerId);
        using IDisposable held = Lock();
        NftProgram nft = Open();
        if (Running(nft) is not { } state)
        {
            return false;
        }
        ZoneSettings settings = ZoneOf(state, zone ?? state.DefaultZone);
        PortSetKey key = PortSetKey.OwnedOf(settings.Name);
        ApplyRuntime(nft, key, PortSetAlgebra.AddOwner(settings.Elements(key), change.Protocol, change.Range, owner), settings);
        return true;
    }

    public void CloseForContainer(string containerId)
    {
        string owner = ShortId(containerId);
        using IDisposable held = Lock();
        NftProgram nft = Open();
        if (Running(nft) is { } state)
        {
            Disown(nft, state.Zones.Values, owner, null);
        }
    }

    private void RemoveOwned(PortRuleChange change, string owner)
    {
        using IDisposable held = Lock();
        NftProgram nft = Open();
        FirewallState state = MustRun(nft);
        if (!Disown(nft, [ZoneOf(state, change.Zone ?? state.DefaultZone)], owner, change))
        {
            throw NotFound(change, change.Zone);
        }
    }

    /// <summary>One transaction for all zones.</summary>
    private static bool Disown(NftProgram nft, IEnumerable<ZoneSettings> zones, string owner, PortRuleChange? only)
    {
        string script = string.Concat(
            from zone in zones
            let key = PortSetKey.OwnedOf(zone.Name)
            let change = PortSetAlgebra.RemoveOwner(zone.Elements(key), owner, only?.Protocol, only?.Range)
            where !change.IsEmpty
            select NftFirewallScript.Change(key, change, exists: true));
        if (script.Length > 0)
        {
            nft.Run(script, EngineError.FirewallFailed);
        }
        return script.Length > 0;
    }

    private static string ShortId(string containerId)
    {
        if (!FirewallNames.IsOwner(containerId))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{containerId}' is not a container's id.") { Target = containerId };
        }
        return containerId.Length > ShortIdLength ? containerId[..ShortIdLength] : containerId;
    }
}
