using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Whichever firewall this host has at the moment of a call: firewalld where it runs; the module's own where that runs or
/// is to start at boot; firewalld where it is installed; else the module's own.
/// </summary>
internal sealed class ChosenFirewall(EngineOptions options, ServiceManagerPaths serviceManager) : IHostFirewall
{
    private readonly NftablesFirewall _native = new(options, serviceManager);
    private readonly FirewalldService _service = new(serviceManager);

    public FirewallBackend Backend => Use(firewall => firewall.Backend);

    public HostFirewall Get(IEngineObserver observer) => Look(observer, firewall => firewall.Get(observer));

    public HostFirewall Start(IEngineObserver observer) => Change(observer, firewall => firewall.Start(observer));

    public void Stop(IEngineObserver observer) => Change(observer, firewall =>
    {
        firewall.Stop(observer);
        return true;
    });

    public Task EnableAsync(CancellationToken cancellationToken) => Use(firewall => firewall.EnableAsync(cancellationToken));

    public Task DisableAsync(CancellationToken cancellationToken) => Use(firewall => firewall.DisableAsync(cancellationToken));

    public HostFirewall Sync(SyncOptions options, IEngineObserver observer) => Change(observer, firewall => firewall.Sync(options, observer));

    public HostFirewall GetPermanent(IEngineObserver observer) => Look(observer, firewall => firewall.GetPermanent(observer));

    public HostFirewallZone SetZone(ZoneRequest request, IEngineObserver observer) => Change(observer, firewall => firewall.SetZone(request, observer));

    public HostFirewallZone NewZone(ZoneRequest request, IEngineObserver observer) => Change(observer, firewall => firewall.NewZone(request, observer));

    public void RemoveZone(string zone, IEngineObserver observer) => Change(observer, firewall =>
    {
        firewall.RemoveZone(zone, observer);
        return true;
    });

    public HostFirewall Configure(HostFirewallSettings settings, IEngineObserver observer) =>
        Change(observer, firewall => firewall.Configure(settings, observer));

    public IReadOnlyList<HostFirewallIssue> Check() => Use(firewall => firewall.Check());

    public IReadOnlyList<HostServiceRule> GetServiceRules(IEngineObserver observer) => Look(observer, firewall => firewall.GetServiceRules(observer));

    public IReadOnlyList<HostPortForward> GetForwards(IEngineObserver observer) => Look(observer, firewall => firewall.GetForwards(observer));

    public IReadOnlyList<HostPortRule> GetRules(IEngineObserver observer, string? zone) => Look(observer, firewall => firewall.GetRules(observer, zone));

    public HostPortRule SetRule(PortRuleRequest request, IEngineObserver observer) => Change(observer, firewall => firewall.SetRule(request, observer));

    public void RemoveRule(PortRuleRequest request, IEngineObserver observer) => Change(observer, firewall =>
    {
        firewall.RemoveRule(request, observer);
        return true;
    });

    public IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone) => Use(firewall =>
    {
        IReadOnlyList<HostPortOpening?> openings = firewall.FindOpenings(ports, protocol, zone);
        return !IsDoubled(firewall) ? openings
            : [.. openings.Zip(_native.FindOpenings(ports, protocol, zone), (one, other) => one is null || other is null ? null : one)];
    });

    public IReadOnlyList<HostConnection> FindShutOut(IReadOnlyList<HostConnection> connections) => Use(firewall => firewall.FindShutOut(connections));

    public IReadOnlyList<HostFirewallPolicy> GetPolicies(bool permanent, IEngineObserver observer) =>
        Look(observer, firewall => firewall.GetPolicies(permanent, observer));

    public IReadOnlyList<HostFirewallIpSet> GetIpSets(bool permanent, IEngineObserver observer) =>
        Look(observer, firewall => firewall.GetIpSets(permanent, observer));

    public IReadOnlyList<HostConnection> FindCutOff(IReadOnlyList<HostConnection> connections, ZoneRequest? zone, string? defaultZone) =>
        Use(firewall => firewall.FindCutOff(connections, zone, defaultZone));

    public void AdmitContainers(IEngineObserver observer) => Use(firewall =>
    {
        firewall.AdmitContainers(observer);
        return true;
    });

    public bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone) =>
        Use(firewall => firewall.OpenForContainer(containerId, port, protocol, zone));

    public void CloseForContainer(string containerId) => Use(firewall =>
    {
        firewall.CloseForContainer(containerId);
        return true;
    });

    private T Look<T>(IEngineObserver observer, Func<IHostFirewall, T> call) => Use(firewall =>
    {
        Tell(observer, firewall);
        if (IsDoubled(firewall))
        {
            observer.Warning("firewalld and the module's own firewall both filter this host: a port must be open in both. "
                + "Start-HostFirewall takes the module's own away.");
        }
        return call(firewall);
    });

    /// <summary>Whoever changes a rule of firewalld's means it to have an effect: the module's own table makes way, its files stay.</summary>
    private T Change<T>(IEngineObserver observer, Func<IHostFirewall, T> call) => Use(firewall =>
    {
        Tell(observer, firewall);
        if (IsDoubled(firewall))
        {
            _native.Stop(observer);
            observer.Warning(
                "firewalld has this host's firewall now: the module's own, which filtered beside it, was stopped. Its permanent rules are still in "
                    + $"{_native.ConfigurationFolder}, and firewalld does not know them.");
        }
        return call(firewall);
    });

    private static void Tell(IEngineObserver observer, IHostFirewall firewall) => observer.Verbose(firewall.Backend == FirewallBackend.Firewalld
        ? "The host's firewall is firewalld." : "The host's firewall is the module's own nftables table.");

    private bool IsDoubled(IHostFirewall firewall) => firewall is FirewalldFirewall && Environment.IsPrivilegedProcess && NftZoneTable.Firewall.IsLoaded;

    private T Use<T>(Func<IHostFirewall, T> call)
    {
        if (FirewalldPresence.Find(options) is { } bus)
        {
            using FirewalldFirewall running = new(bus, _service, options);
            return call(running);
        }
        return call(_service.IsInstalled && !_native.IsEnabled && !(Environment.IsPrivilegedProcess && NftZoneTable.Firewall.IsLoaded)
            ? new StoppedFirewalld(_service, options, this) : _native);
    }
}
