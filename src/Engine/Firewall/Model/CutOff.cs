namespace LayerImage.Engine.Firewall;

/// <summary>Whom a change of the running zones would lock out.</summary>
internal static class CutOff
{
    /// <summary>Those connections that are let in before the change and not after it.</summary>
    /// <param name="running">What runs.</param>
    /// <param name="request">The change of a zone, or null; one of the disk alone changes nothing now.</param>
    /// <param name="defaultZone">The new default zone, or null.</param>
    /// <param name="connections">The connections.</param>
    /// <param name="openings">What lets ports in, by a state.</param>
    public static IReadOnlyList<HostConnection> Find(FirewallState running, ZoneRequest? request, string? defaultZone,
        IReadOnlyList<HostConnection> connections, Func<FirewallState, PortOpenings> openings)
    {
        FirewallState after = defaultZone is null ? running : running with { DefaultZone = running.GetZone(defaultZone).Name };
        if (request is not null && ZoneChange.From(request) is { IsRuntime: true } change)
        {
            ZoneSettings zone = change.ApplyTo(running.GetZone(request.Zone));
            after = after with { Zones = new Dictionary<string, ZoneSettings>(after.Zones) { [zone.Name] = zone } };
        }
        return ReferenceEquals(after, running) ? [] : [.. openings(after).FindShutOut(connections).Except(openings(running).FindShutOut(connections))];
    }
}
