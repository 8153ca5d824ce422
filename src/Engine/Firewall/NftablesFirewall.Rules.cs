using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

internal sealed partial class NftablesFirewall
{
    public IReadOnlyList<HostPortRule> GetRules()
    {
        NftProgram nft = Open();
        FirewallState? running = Running(nft);
        return running is not null || !FirewalldProbe.IsRunning() ? RuleList.Merge(running, _configuration.Read())
            : throw FirewalldProbe.Owned("The rules cannot be listed");
    }

    public HostPortRule SetRule(PortRuleRequest request)
    {
        PortRuleChange change = PortRuleChange.From(request);
        if (request.Owner is not null)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "A rule of a container's is made when the container starts, not by hand.")
            {
                Target = request,
                Advice = "Start the container with -OpenHostPort, or leave the owner out.",
            };
        }
        PortElement rule = new(change.Protocol, change.Range) { Timeout = request.Timeout };
        string zone = Apply(change, (set, _) => PortSetAlgebra.Add(set, rule));
        return GetRules().First(found => found.Owner is null && found.Zone == zone && found.Protocol == change.Protocol
            && found.Source == change.Source?.ToString() && found.FirstPort <= change.Range.First && change.Range.First <= found.LastPort
            && (change.IsRuntime ? found.Runtime : found.Permanent));
    }

    public void RemoveRule(PortRuleRequest request)
    {
        PortRuleChange change = PortRuleChange.From(request with { Timeout = null });
        if (request.Owner is { } owner)
        {
            RemoveOwned(change, ShortId(owner));
            return;
        }
        bool found = false;
        _ = Apply(change, (set, isLast) =>
        {
            PortSetChange? removal = PortSetAlgebra.Remove(set, change.Protocol, change.Range);
            found |= removal is not null;
            return found || !isLast ? removal ?? PortSetChange.None : throw NotFound(change, change.Zone);
        });
    }

    public IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone)
    {
        NftProgram nft = Open();
        if (Running(nft) is not { } state)
        {
            HostPortOpening unfiltered = FirewalldProbe.IsRunning() ? throw FirewalldProbe.Owned("The port cannot be looked up") : new() { Unfiltered = true };
            return [.. ports.Select(_ => unfiltered)];
        }
        IEnumerable<ZoneSettings> zones = zone is not null ? [ZoneOf(state, zone)]
            : [state.Zones[state.DefaultZone], .. state.Zones.Values.Where(other => other.Name != state.DefaultZone && IsActiveForHosts(other))];
        IReadOnlyList<HostPortRule> rules = RuleList.Merge(state, _configuration.Read());
        List<(PortRange Ports, HostPortOpening Opening)> openings = [.. zones.SelectMany(candidate => OpeningsIn(candidate, rules, protocol)).Where(found => found.Ports.Overlaps(ports))];
        return [.. ports.Select(port => openings.Find(found => found.Ports.Contains(new PortRange(port, port))).Opening)];
    }

    /// <summary>Something other than the containers' bridge is bound to it.</summary>
    private static bool IsActiveForHosts(ZoneSettings zone) =>
        zone.Sources.Count > 0 || zone.Interfaces.Any(name => name != NftFirewallScript.ContainerBridge);

    // In their order of precedence: a rule says more than a service, and one for everyone more than one for a network.
    private IEnumerable<(PortRange Ports, HostPortOpening Opening)> OpeningsIn(ZoneSettings zone, IReadOnlyList<HostPortRule> rules, FirewallProtocol protocol) =>
    [
        .. rules.Where(rule => rule.Runtime && rule.Zone == zone.Name && rule.Protocol == protocol).OrderBy(rule => rule.Source is null ? 0 : 1)
            .Select(rule => (new PortRange(rule.FirstPort, rule.LastPort), new HostPortOpening { Zone = zone.Name, Rule = rule })),
        .. zone.Services.SelectMany(service => PortsOf(service, protocol, []).Select(ports => (ports, new HostPortOpening { Zone = zone.Name, Service = service }))),
        .. zone.Target == "ACCEPT" ? [(PortRange.All, new HostPortOpening { Zone = zone.Name, ByZoneTarget = true })] : Array.Empty<(PortRange, HostPortOpening)>(),
    ];

    private IEnumerable<PortRange> PortsOf(string service, FirewallProtocol protocol, HashSet<string> seen) =>
        !seen.Add(service) || _configuration.FindService(service) is not { } definition ? []
            : definition.Ports.Where(element => element.Protocol == protocol).Select(element => element.Range)
                .Concat(definition.Includes.SelectMany(included => PortsOf(included, protocol, seen)));

    /// <summary>
    /// Changes one or both configurations: the file is written beside the old one, the kernel changed, and the file
    /// renamed last, so that nearly all that can fail fails before anything has changed. A rename that fails undoes the
    /// kernel's part. Returns the zone.
    /// </summary>
    /// <param name="change">What to change where.</param>
    /// <param name="compute">The change of a set's elements; told whether the set is the last one to be asked.</param>
    private string Apply(PortRuleChange change, Func<IReadOnlyList<PortElement>, bool, PortSetChange> compute)
    {
        using IDisposable held = Lock();
        NftProgram nft = Open();
        FirewallState? running = change.IsRuntime ? MustRun(nft) : Running(nft);
        if (running is null && FirewalldProbe.IsRunning())
        {
            throw FirewalldProbe.Owned("Nothing was changed");
        }
        string zone = change.Zone is string named ? Spelled(named, change.IsRuntime ? running!.Zones.Keys : _configuration.ZoneNames())
            : running?.DefaultZone ?? _configuration.DefaultZone();
        PortSetKey key = PortSetKey.Of(zone, change.Source);
        ZoneSettings? live = change.IsRuntime ? ZoneOf(running!, zone) : null;
        using PermanentChange permanent = new(_configuration, key);
        if (change.IsPermanent)
        {
            permanent.Stage(set => compute(set, !change.IsRuntime));
        }
        PortSetChange runtime = live is null ? PortSetChange.None : compute(live.Elements(key), true);
        ApplyRuntime(nft, key, runtime, live);
        try
        {
            permanent.Commit();
        }
        catch when (!runtime.IsEmpty)
        {
            nft.Run(NftFirewallScript.Change(key, runtime.Inverse, exists: true), EngineError.FirewallFailed);
            throw;
        }
        return zone;
    }

    private static void ApplyRuntime(NftProgram nft, PortSetKey key, PortSetChange change, ZoneSettings? zone)
    {
        if (!change.IsEmpty)
        {
            nft.Run(NftFirewallScript.Change(key, change, zone!.Ports.ContainsKey(key)), EngineError.FirewallFailed);
        }
    }

    // As the zone is written, for who writes it in another case.
    private static string Spelled(string zone, IEnumerable<string> zones) =>
        zones.Where(known => known.Equals(zone, StringComparison.OrdinalIgnoreCase)).OrderBy(known => known == zone ? 0 : 1).FirstOrDefault() ?? zone;

    private static ZoneSettings ZoneOf(FirewallState state, string zone) => state.Zones.TryGetValue(Spelled(zone, state.Zones.Keys), out ZoneSettings? found) ? found
        : throw FirewallConfiguration.ZoneNotFound(zone, state.Zones.Keys.Order(StringComparer.Ordinal));

    private void SavePermanent(FirewallState running)
    {
        List<PermanentChange> changes = [];
        try
        {
            foreach (string zone in running.Zones.Keys.Intersect(_configuration.ZoneNames()))
            {
                PermanentChange change = new(_configuration, PortSetKey.Of(zone));
                changes.Add(change);
                change.StageAll(running.Zones[zone]);
            }
            changes.ForEach(change => change.Commit());
        }
        finally
        {
            changes.ForEach(change => change.Dispose());
        }
    }

    private static LayerImageException NotFound(PortRuleChange change, string? zone) =>
        new(EngineError.PortRuleNotFound, $"No rule opens {change.Range}/{change.Protocol.Name()} in {(zone is null ? "the default zone" : $"zone '{zone}'")}"
            + $"{(change.Source is { } source ? $" from {source}" : "")} ({change.Scope}).")
        {
            Target = change.Range.ToString(),
            Advice = "Get-HostPortRule lists the rules, with their zones. A container's rule goes with the container, or when it is piped to Remove-HostPortRule.",
        };
}
