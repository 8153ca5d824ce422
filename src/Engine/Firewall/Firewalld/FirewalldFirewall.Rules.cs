using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>Port rules: a port that is open to everyone is firewalld's port, one limited to a source is a rich rule.</summary>
internal sealed partial class FirewalldFirewall
{
    private readonly FirewalldTimes _times = new(options.Run, bus.Owner, options.Clock);

    public IReadOnlyList<HostPortRule> GetRules(IEngineObserver observer, string? zone) =>
        zone is null ? RuleList.Merge(WithOwned(Timed(ReadRuntime())), ReadPermanent())
            : RuleList.Merge(WithOwned(Timed(ReadZone(zone, bus.RuntimeZones))), ReadZone(zone, bus.PermanentZones), zone);

    public HostPortRule SetRule(PortRuleRequest request, IEngineObserver observer)
    {
        PortRuleSpec spec = PortRuleSpec.FromUser(request);
        string zone = Apply(spec, (set, _) => PortSetAlgebra.Add(set, spec.Element));
        return spec.FindIn(RulesOf(zone), zone);
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

    public IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone)
    {
        FirewallState state = WithOwned(ReadRuntime());
        return Openings(state, RuleList.Merge(state, state)).Find(ports, protocol, zone);
    }

    /// <summary>
    /// Changes one or both configurations. What runs is changed first and the disk last: a permanent setting is one call,
    /// which is done or not, and when it is not, the running ones are made what they were.
    /// </summary>
    private string Apply(PortRuleSpec spec, Func<IReadOnlyList<PortElement>, bool, PortSetChange> compute)
    {
        using IDisposable held = Lock();
        IReadOnlyDictionary<string, FirewalldZone> runtime = spec.IsRuntime ? ReadZone(spec, bus.RuntimeZones) : new Dictionary<string, FirewalldZone>();
        IReadOnlyDictionary<string, FirewalldZone> permanent = spec.IsPermanent
            ? ReadZone(spec, bus.PermanentZones)
            : new Dictionary<string, FirewalldZone>();
        FirewalldZone zone = runtime.Values.Concat(permanent.Values).First();
        PortSetKey key = PortSetKey.Of(zone.Name, spec.Source);

        PortSetChange onDisk = spec.IsPermanent ? compute(permanent[zone.Name].Read().Elements(key), !spec.IsRuntime) : PortSetChange.None;
        PortSetChange now = spec.IsRuntime ? compute(Timed(runtime[zone.Name].Read()).Elements(key), true) : PortSetChange.None;
        try
        {
            ChangeRuntime(key, runtime.GetValueOrDefault(zone.Name), now);
            ChangePermanent(key, permanent.GetValueOrDefault(zone.Name), onDisk);
        }
        catch when (!now.IsEmpty)
        {
            bus.SetRuntime(zone.Name, PortSettings(runtime[zone.Name].Ports, runtime[zone.Name].Rules));
            throw;
        }
        if (!now.IsEmpty)
        {
            RefreshGuardIfThere(SilentObserver.Instance);
        }
        return zone.Name;
    }

    /// <summary>The zone of a change: by its name in whatever case, or the default zone.</summary>
    private IReadOnlyDictionary<string, FirewalldZone> ReadZone(PortRuleSpec spec, Func<string?, IReadOnlyDictionary<string, FirewalldZone>> read)
    {
        string name = spec.Zone ?? bus.DefaultZone();
        try
        {
            return read(name);
        }
        catch (LayerImageException error) when (error.Error == EngineError.ZoneNotFound)
        {
            IReadOnlyDictionary<string, FirewalldZone> all = read(null);
            return all.TryGetValue(FirewallState.Spell(name, all.Keys), out FirewalldZone? zone) ? new Dictionary<string, FirewalldZone> { [zone.Name] = zone }
                : throw FirewallState.ZoneNotFound(name, all.Keys.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>A configuration with one zone; with all of them where it has none that is written so.</summary>
    private static FirewallState ReadZone(string name, Func<string?, IReadOnlyDictionary<string, FirewalldZone>> read)
    {
        try
        {
            return new FirewallState(name, Read(read(name)));
        }
        catch (LayerImageException error) when (error.Error == EngineError.ZoneNotFound)
        {
            return new FirewallState(name, Read(read(null)));
        }
    }

    private void ChangeRuntime(PortSetKey key, FirewalldZone? zone, PortSetChange change)
    {
        if (zone is null || change.IsEmpty)
        {
            return;
        }
        if (key.Source is { } source)
        {
            // What is to stay open is opened before what held it open goes.
            foreach (PortElement added in change.Added)
            {
                bus.AddRichRule(zone.Name, new FirewalldRichRule(source, added).ToString(), added.Timeout);
            }
            foreach (string rule in zone.Rules.Where(rule => IsOneOf(rule, source, change.Removed) && !IsOneOf(rule, source, change.Added)))
            {
                bus.RemoveRichRule(zone.Name, rule);
            }
        }
        else
        {
            // firewalld joins what it is given with what overlaps, so what is only to become larger is not taken out before;
            // a time that is to begin again needs the port out first.
            IEnumerable<PortRange> stay = change.Added.Where(added => added.Timeout is null).Select(added => added.Range);
            foreach (PortElement closed in change.Removed.SelectMany(removed => removed.Range.Without(stay).Select(range => removed with { Range = range })))
            {
                bus.RemovePort(zone.Name, closed);
            }
            foreach (PortElement added in change.Added)
            {
                bus.AddPort(zone.Name, added);
            }
        }
        foreach (PortElement element in change.Removed.Concat(change.Added))
        {
            _times.Note(key, element, change.Added.Contains(element) ? element.Timeout : null);
        }
    }

    private void ChangePermanent(PortSetKey key, FirewalldZone? zone, PortSetChange change)
    {
        if (zone is null || change.IsEmpty)
        {
            return;
        }
        bus.SetPermanent(zone.Name, key.Source is not { } source ? PortSettings(change.ApplyTo(zone.Ports), null) : PortSettings(null,
            [
                .. zone.Rules.Where(rule => !IsOneOf(rule, source, change.Removed)),
                .. change.Added.Select(added => new FirewalldRichRule(source, added).ToString()),
            ]));
    }

    private static bool IsOneOf(string rule, SourceAddress source, IEnumerable<PortElement> elements) => FirewalldRichRule.ReadPort(rule) is { } port
        && port.Source == source && elements.Any(element => element.Protocol == port.Port.Protocol && element.Range == port.Port.Range);

    private static Dictionary<string, VariantValue> PortSettings(IEnumerable<PortElement>? ports, IEnumerable<string>? rules)
    {
        Dictionary<string, VariantValue> settings = [];
        if (ports is not null)
        {
            settings.Add(FirewalldZone.PortsKey, FirewalldZone.Pairs(ports));
        }
        if (rules is not null)
        {
            settings.Add(FirewalldZone.RulesKey, VariantValue.Array(rules.ToArray()));
        }
        return settings;
    }

    private IReadOnlyList<HostPortRule> RulesOf(string zone) =>
        RuleList.Merge(Timed(ReadZone(zone, bus.RuntimeZones)), ReadZone(zone, bus.PermanentZones));

    private FirewallState Timed(FirewallState state) => state with { Zones = state.Zones.ToDictionary(zone => zone.Key, zone => Timed(zone.Value)) };

    /// <summary>The settings with the times that were noted here.</summary>
    private ZoneSettings Timed(ZoneSettings zone) => zone with
    {
        Ports = zone.Ports.ToDictionary(set => set.Key, set => (IReadOnlyList<PortElement>)
            [.. set.Value.Select(element => _times.Left(set.Key, element) is { } left ? element with { Timeout = left, Expires = left } : element)]),
    };
}
