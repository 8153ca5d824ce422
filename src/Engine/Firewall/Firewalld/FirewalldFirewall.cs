using LayerImage.Engine.Errors;
using Tmds.DBus.Protocol;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The firewall of a host that runs firewalld: its rules are firewalld's, so that firewall-cmd shows them and they show
/// what firewall-cmd made. Nothing is kept here but the times of timed rules.
/// </summary>
internal sealed partial class FirewalldFirewall(FirewalldBus bus, FirewalldService service, EngineOptions options) : IHostFirewall, IDisposable
{
    public FirewallBackend Backend => FirewallBackend.Firewalld;

    public HostFirewall Get(IEngineObserver observer)
    {
        string state = bus.State();
        if (state == "FAILED")
        {
            observer.Warning("firewalld could not load its configuration and runs with its own defaults: journalctl -u firewalld says why.");
        }
        return HostFirewall.Of(Backend, ReadRuntime() with { LogDenied = bus.LogDenied() }, isRunning: true, service.IsEnabled) with { Panic = bus.IsPanic() };
    }

    public HostFirewall Start(IEngineObserver observer) => Get(observer);

    public void Stop(IEngineObserver observer) => service.Stop();

    public Task EnableAsync(CancellationToken cancellationToken) => Task.Run(service.Enable, cancellationToken);

    public Task DisableAsync(CancellationToken cancellationToken) => Task.Run(service.Disable, cancellationToken);

    public HostFirewall Sync(SyncOptions options, IEngineObserver observer)
    {
        using IDisposable held = Lock();
        if (options.RuntimeToPermanent)
        {
            MakePermanent();
        }
        else if (options.Complete)
        {
            bus.CompleteReload();
            // Its own way of ending connections is to unload the kernel's modules, which are in use on most hosts.
            ConntrackTable.Flush();
        }
        else
        {
            bus.Reload();
        }
        RefreshGuardIfThere(observer);
        return Get(observer);
    }

    /// <summary>firewalld writes down the rules with a time as well, which would then last for ever.</summary>
    private void MakePermanent()
    {
        List<HostPortRule> timed = [.. RuleList.Merge(Timed(ReadRuntime()), ReadPermanent()).Where(rule => rule is { Timeout: not null, Permanent: false })];
        bus.RuntimeToPermanent();
        foreach (HostPortRule rule in timed)
        {
            PortRuleSpec spec = PortRuleSpec.From(new PortRuleRequest
            {
                Port = rule.Port,
                Protocol = rule.Protocol,
                Zone = rule.Zone,
                Source = rule.Source,
                Scope = PortRuleScope.Permanent,
            });
            FirewalldZone zone = bus.PermanentZones(rule.Zone)[rule.Zone];
            PortSetKey key = PortSetKey.Of(zone.Name, spec.Source);
            ChangePermanent(key, zone, PortSetAlgebra.Remove(zone.Read().Elements(key), spec.Protocol, spec.Range) ?? PortSetChange.None);
        }
    }

    public IReadOnlyList<HostConnection> FindShutOut(IReadOnlyList<HostConnection> connections)
    {
        FirewallState permanent = ReadPermanent();
        return Openings(permanent, RuleList.Merge(null, permanent)).FindShutOut(connections);
    }

    public IReadOnlyList<HostConnection> FindCutOff(IReadOnlyList<HostConnection> connections, ZoneRequest? zone, string? defaultZone) =>
        CutOff.Find(ReadRuntime(), zone, defaultZone, connections, state => Openings(state, RuleList.Merge(state, state)));

    public IReadOnlyList<HostFirewallPolicy> GetPolicies(bool permanent, IEngineObserver observer) =>
        [.. bus.Policies(permanent).Values.OrderBy(policy => policy.Name, StringComparer.Ordinal).Select(policy => policy.ReadPolicy())];

    public IReadOnlyList<HostFirewallIpSet> GetIpSets(bool permanent, IEngineObserver observer) =>
        [.. bus.IpSets(permanent).OrderBy(set => set.Name, StringComparer.Ordinal)];

    public void Dispose() => bus.Dispose();

    private FirewallState ReadRuntime() => new(bus.DefaultZone(), Read(bus.RuntimeZones()));

    // firewalld has one default zone, which it writes down when it is changed.
    private FirewallState ReadPermanent() => new(bus.DefaultZone(), Read(bus.PermanentZones()));

    private static Dictionary<string, ZoneSettings> Read(IReadOnlyDictionary<string, FirewalldZone> zones) =>
        zones.ToDictionary(zone => zone.Key, zone => zone.Value.Read());

    private PortOpenings Openings(FirewallState state, IReadOnlyList<HostPortRule> rules) => new(state, rules, FindServices(state));

    /// <summary>The services of the zones and what they include, asked for at once.</summary>
    private Func<string, ServiceDefinition?> FindServices(FirewallState state) => FindServices(state.Zones.Values.SelectMany(zone => zone.Services));

    private Func<string, ServiceDefinition?> FindServices(IEnumerable<string> names)
    {
        Dictionary<string, ServiceDefinition> known = [];
        // What firewalld does not know is asked for once, too: else two such names would be asked for in turns without end.
        HashSet<string> asked = [];
        for (string[] next = [.. names.Distinct()]; next.Length > 0;)
        {
            asked.UnionWith(next);
            foreach ((string name, IReadOnlyDictionary<string, VariantValue> settings) in bus.Services(next))
            {
                known.Add(name, Definition(name, settings));
            }
            next = [.. known.Values.SelectMany(definition => definition.Includes).Distinct().Where(name => !asked.Contains(name))];
        }
        return name => known.GetValueOrDefault(name);
    }

    private static ServiceDefinition Definition(string name, IReadOnlyDictionary<string, VariantValue> settings)
    {
        Dictionary<string, string> destination = settings.TryGetValue("destination", out VariantValue given) ? given.GetDictionary<string, string>() : [];
        return new ServiceDefinition(name)
        {
            Ports = [.. FirewalldZone.PortsOf(settings, FirewalldZone.PortsKey)],
            SourcePorts = [.. FirewalldZone.PortsOf(settings, "source_ports")],
            Protocols = settings.TryGetValue("protocols", out VariantValue protocols) ? protocols.GetArray<string>() : [],
            Includes = settings.TryGetValue("includes", out VariantValue includes) ? includes.GetArray<string>() : [],
            DestinationV4 = Destination("ipv4"),
            DestinationV6 = Destination("ipv6"),
        };

        SourceAddress? Destination(string family) =>
            destination.TryGetValue(family, out string? text) && SourceAddress.TryParse(text, out SourceAddress address) ? address : null;
    }

    // Between processes of ours; firewalld itself does one call after another.
    private IDisposable Lock() => FirewallLock.Take(options.Run);
}
