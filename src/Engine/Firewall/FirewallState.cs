namespace LayerImage.Engine.Firewall;

/// <summary>All zones of one configuration: the running or the permanent one.</summary>
internal sealed record FirewallState(string DefaultZone, IReadOnlyDictionary<string, ZoneSettings> Zones)
{
    public bool IsActive(ZoneSettings zone) => zone.Name == DefaultZone || zone.Interfaces.Count > 0 || zone.Sources.Count > 0;
}
