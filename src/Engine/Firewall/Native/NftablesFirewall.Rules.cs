using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

internal sealed partial class NftablesFirewall
{
    public IReadOnlyList<HostPortRule> GetRules(IEngineObserver observer, string? zone) => RuleList.Merge(Running(), _configuration.Read(observer), zone);

    public HostPortRule SetRule(PortRuleRequest request, IEngineObserver observer)
    {
        PortRuleSpec spec = PortRuleSpec.FromUser(request);
        (string zone, FirewallState? running) = Apply(spec, (set, _) => PortSetAlgebra.Add(set, spec.Element));
        return spec.FindIn(RuleList.Merge(running, _configuration.Read(observer)), zone);
    }

    public void RemoveRule(PortRuleRequest request, IEngineObserver observer)
    {
        PortRuleSpec spec = PortRuleSpec.From(request with { Timeout = null });
        if (request.Owner is { } owner)
        {
            RemoveOwned(spec, owner);
            return;
        }
        _ = Apply(spec, spec.Removal());
    }

    public IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone) =>
        Running() is not { } state ? [.. ports.Select(_ => HostPortOpening.WithoutFirewall)]
            : new PortOpenings(
                state,
                [.. RuleList.Merge(state, _configuration.Read(SilentObserver.Instance)).Where(rule => rule.Runtime)],
                FindService).Find(ports, protocol, zone);

    public IReadOnlyList<HostConnection> FindShutOut(IReadOnlyList<HostConnection> connections)
    {
        FirewallState state = BindContainerBridge(_configuration.Read(SilentObserver.Instance));
        return new PortOpenings(state, RuleList.Merge(null, state), FindService).FindShutOut(connections);
    }

    public IReadOnlyList<HostFirewallPolicy> GetPolicies(bool permanent, IEngineObserver observer) => _configuration.Policies.ReadPolicies(observer);

    public IReadOnlyList<HostFirewallIpSet> GetIpSets(bool permanent, IEngineObserver observer) => _configuration.Policies.ReadIpSets(observer);

    public IReadOnlyList<HostConnection> FindCutOff(IReadOnlyList<HostConnection> connections, ZoneRequest? zone, string? defaultZone) =>
        Running() is not { } state ? [] : CutOff.Find(state, zone, defaultZone, connections, Openings);

    private PortOpenings Openings(FirewallState state) => new(state, RuleList.Merge(state, state), FindService);

    /// <summary>
    /// Changes one or both configurations: the file is written beside the old one, the kernel changed, and the file
    /// renamed last, so that nearly all that can fail fails before anything has changed. A rename that fails undoes the
    /// kernel's part. Returns the zone, and what runs afterwards without asking the kernel again (nft is 6 ms).
    /// </summary>
    /// <param name="spec">What to change where.</param>
    /// <param name="compute">The change of a set's elements; told whether the set is the last one to be asked.</param>
    private (string Zone, FirewallState? Running) Apply(PortRuleSpec spec, Func<IReadOnlyList<PortElement>, bool, PortSetChange> compute)
    {
        using IDisposable held = Lock();
        FirewallState? running = spec.IsRuntime ? MustRun() : s_table.Read();
        string zone = spec.Zone is string named ? FirewallState.Spell(named, spec.IsRuntime ? running!.Zones.Keys : _configuration.ZoneNames())
            : running?.DefaultZone ?? _configuration.DefaultZone();
        PortSetKey key = PortSetKey.Of(zone, spec.Source);
        ZoneSettings? live = spec.IsRuntime ? running!.GetZone(zone) : null;
        using ZoneFileEdit permanent = new(_configuration, key);
        if (spec.IsPermanent)
        {
            permanent.Stage(set => compute(set, !spec.IsRuntime));
        }
        PortSetChange runtime = live is null ? PortSetChange.None : compute(live.Elements(key), true);
        s_table.Change(key, runtime, live?.Ports.ContainsKey(key) ?? false);
        try
        {
            permanent.Commit();
        }
        catch when (!runtime.IsEmpty)
        {
            s_table.Change(key, runtime.Inverse, exists: true);
            throw;
        }
        return (zone, live is null ? running : After(running!, live, key, runtime));
    }

    private static FirewallState After(FirewallState running, ZoneSettings zone, PortSetKey key, PortSetChange change) => running with
    {
        Zones = new Dictionary<string, ZoneSettings>(running.Zones)
        {
            [zone.Name] = zone with
            {
                Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>>(zone.Ports) { [key] = change.ApplyTo(zone.Elements(key)) },
            },
        },
    };

    private ServiceDefinition? FindService(string name) => FindService(name, "", SilentObserver.Instance);

    private static FirewallState? Running()
    {
        RequireRoot();
        return s_table.Read();
    }

    private void SavePermanent(FirewallState running)
    {
        List<ZoneFileEdit> changes = [];
        try
        {
            foreach (string zone in running.Zones.Keys.Intersect(_configuration.ZoneNames()))
            {
                ZoneFileEdit change = new(_configuration, PortSetKey.Of(zone));
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
}
