using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The firewall of a host whose firewalld is installed and does not run: nothing filters, and the permanent rules are the
/// files that firewalld will read when it is started (what firewall-offline-cmd edits).
/// </summary>
/// <param name="service">Its unit.</param>
/// <param name="options">The engine's.</param>
/// <param name="chosen">Whoever is this host's firewall at each call: once it is started that is another one than this.</param>
internal sealed class StoppedFirewalld(FirewalldService service, EngineOptions options, IHostFirewall chosen) : IHostFirewall
{
    private readonly FirewallConfiguration _configuration = FirewallConfiguration.OfFirewalld;

    public FirewallBackend Backend => FirewallBackend.Firewalld;

    public HostFirewall Get(IEngineObserver observer) =>
        HostFirewall.Of(FirewallBackend.Firewalld, _configuration.Read(observer), isRunning: false, service.IsEnabled);

    public HostFirewall Start(IEngineObserver observer)
    {
        service.Start();
        return chosen.Get(observer);
    }

    public void Stop(IEngineObserver observer)
    {
    }

    public Task EnableAsync(CancellationToken cancellationToken) => Task.Run(service.Enable, cancellationToken);

    public Task DisableAsync(CancellationToken cancellationToken) => Task.Run(service.Disable, cancellationToken);

    public HostFirewall Sync(SyncOptions options, IEngineObserver observer) => throw NotRunning();

    public HostFirewall GetPermanent(IEngineObserver observer) => Get(observer);

    public HostFirewallZone SetZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = ZoneChange.From(request);
        RequirePermanent(change.IsRuntime);
        change.RequireServices(_configuration.FindService);
        using IDisposable held = FirewallLock.Take(options.Run);
        FirewallState permanent = _configuration.Read(observer);
        using ConfigurationFile staged = _configuration.StageZone(change, permanent);
        _configuration.Commit(permanent.GetZone(change.Zone).Name, staged);
        FirewallState result = _configuration.Read(SilentObserver.Instance);
        return HostFirewallZone.Of(result.GetZone(change.Zone), result.IsActive(result.GetZone(change.Zone)));
    }

    public HostFirewallZone NewZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = ZoneChange.From(request);
        change.RequireServices(_configuration.FindService);
        using IDisposable held = FirewallLock.Take(options.Run);
        return HostFirewallZone.Of(_configuration.AddZone(change, _configuration.Read(observer)), isActive: false);
    }

    public void RemoveZone(string zone, IEngineObserver observer)
    {
        using IDisposable held = FirewallLock.Take(options.Run);
        _configuration.RemoveZone(zone, _configuration.Read(observer));
    }

    public HostFirewall Configure(HostFirewallSettings settings, IEngineObserver observer)
    {
        FirewallState.RequireLogDenied(settings.LogDenied);
        RequirePermanent(settings.Panic is not null);
        using IDisposable held = FirewallLock.Take(options.Run);
        _configuration.Set(settings.DefaultZone is { } zone ? _configuration.Read(observer).GetZone(zone).Name : null, settings.LogDenied?.ToLowerInvariant());
        return Get(observer);
    }

    public IReadOnlyList<HostFirewallIssue> Check() => _configuration.Check();

    public IReadOnlyList<HostServiceRule> GetServiceRules(IEngineObserver observer) =>
        ServiceRuleList.Merge(null, _configuration.Read(observer), _configuration.FindService);

    public IReadOnlyList<HostPortForward> GetForwards(IEngineObserver observer) => ForwardRuleList.Merge(null, _configuration.Read(observer));

    public IReadOnlyList<HostPortRule> GetRules(IEngineObserver observer, string? zone) => RuleList.Merge(null, _configuration.Read(observer), zone);

    public HostPortRule SetRule(PortRuleRequest request, IEngineObserver observer)
    {
        PortRuleSpec spec = PortRuleSpec.FromUser(request);
        string zone = Apply(spec, set => PortSetAlgebra.Add(set, spec.Element));
        return spec.FindIn(GetRules(observer, zone), zone);
    }

    public void RemoveRule(PortRuleRequest request, IEngineObserver observer)
    {
        PortRuleSpec spec = PortRuleSpec.From(request with { Timeout = null });
        _ = Apply(spec, set => PortSetAlgebra.Remove(set, spec.Protocol, spec.Range) ?? throw spec.NotFound());
    }

    public IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone) =>
        [.. ports.Select(_ => HostPortOpening.WithoutFirewall)];

    public IReadOnlyList<HostConnection> FindShutOut(IReadOnlyList<HostConnection> connections)
    {
        FirewallState state = _configuration.Read(SilentObserver.Instance);
        return new PortOpenings(state, RuleList.Merge(null, state), _configuration.FindService).FindShutOut(connections);
    }

    public IReadOnlyList<HostFirewallPolicy> GetPolicies(bool permanent, IEngineObserver observer) => _configuration.Policies.ReadPolicies(observer);

    public IReadOnlyList<HostFirewallIpSet> GetIpSets(bool permanent, IEngineObserver observer) => _configuration.Policies.ReadIpSets(observer);

    public IReadOnlyList<HostConnection> FindCutOff(IReadOnlyList<HostConnection> connections, ZoneRequest? zone, string? defaultZone) => [];

    // Nothing keeps them now; the Agent sees to it once firewalld is started.
    public void AdmitContainers(IEngineObserver observer)
    {
        using IDisposable held = FirewallLock.Take(options.Run);
        FirewalldWatch.Ensure(options);
    }

    public bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone) => false;

    public void CloseForContainer(string containerId)
    {
    }

    private string Apply(PortRuleSpec spec, Func<IReadOnlyList<PortElement>, PortSetChange> compute)
    {
        RequirePermanent(spec.IsRuntime);
        using IDisposable held = FirewallLock.Take(options.Run);
        string zone = FirewallState.Spell(spec.Zone ?? _configuration.DefaultZone(), _configuration.ZoneNames());
        using ZoneFileEdit permanent = new(_configuration, PortSetKey.Of(zone, spec.Source));
        permanent.Stage(compute);
        permanent.Commit();
        return zone;
    }

    private static void RequirePermanent(bool isRuntime)
    {
        if (isRuntime)
        {
            throw NotRunning();
        }
    }

    private static LayerImageException NotRunning() =>
        new(EngineError.FirewallNotRunning, "firewalld does not run, so it has no running rules; every port is open.")
        {
            Advice = "Start it with Start-HostFirewall, or choose -Scope Permanent to change what it starts with.",
        };
}
