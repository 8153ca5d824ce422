using LayerImage.Engine.Errors;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Firewall;

internal sealed partial class NftablesFirewall
{
    public HostFirewall GetPermanent(IEngineObserver observer) =>
        HostFirewall.Of(Backend, _configuration.Read(observer), NftZoneTable.Firewall.IsLoaded, IsEnabled);

    public IReadOnlyList<HostServiceRule> GetServiceRules(IEngineObserver observer) =>
        ServiceRuleList.Merge(Running(), _configuration.Read(observer), FindService);

    public IReadOnlyList<HostPortForward> GetForwards(IEngineObserver observer) => ForwardRuleList.Merge(Running(), _configuration.Read(observer));

    /// <summary>The file is written beside the old one, the table replaced in one transaction, and the file renamed last.</summary>
    public HostFirewallZone SetZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = Understand(request);
        using IDisposable held = Lock();
        FirewallState? running = change.IsRuntime ? MustRun() : null;
        FirewallState permanent = _configuration.Read(observer);
        ZoneSettings? changed = null;
        if (running is not null)
        {
            ZoneSettings zone = running.GetZone(change.Zone);
            changed = change.ApplyTo(zone);
            ZoneChange.RequireFree(WithoutBridge(changed), WithoutBridge(running));
        }
        using ConfigurationFile? staged = change.IsPermanent ? _configuration.StageZone(change, permanent) : null;
        if (running is not null)
        {
            Replace(running with { Zones = new Dictionary<string, ZoneSettings>(running.Zones) { [changed!.Name] = changed } }, observer);
        }
        try
        {
            if (staged is not null)
            {
                _configuration.Commit(permanent.GetZone(change.Zone).Name, staged);
            }
        }
        catch when (running is not null)
        {
            Replace(running, SilentObserver.Instance);
            throw;
        }
        FirewallState result = s_table.Read() is { } now && change.IsRuntime ? now : _configuration.Read(SilentObserver.Instance);
        ZoneSettings found = result.GetZone(change.Zone);
        return HostFirewallZone.Of(found, result.IsActive(found));
    }

    public HostFirewallZone NewZone(ZoneRequest request, IEngineObserver observer)
    {
        ZoneChange change = Understand(request);
        using IDisposable held = Lock();
        return HostFirewallZone.Of(_configuration.AddZone(change, _configuration.Read(observer)), isActive: false);
    }

    public void RemoveZone(string zone, IEngineObserver observer)
    {
        using IDisposable held = Lock();
        _configuration.RemoveZone(zone, _configuration.Read(observer));
    }

    public HostFirewall Configure(HostFirewallSettings settings, IEngineObserver observer)
    {
        FirewallState.RequireLogDenied(settings.LogDenied);
        using (Lock())
        {
            FirewallState? running = s_table.Read();
            if (settings.Panic is not null && running is null)
            {
                _ = MustRun();
            }
            string? zone = settings.DefaultZone is { } named ? (running ?? _configuration.Read(observer)).GetZone(named).Name : null;
            string? logged = settings.LogDenied?.ToLowerInvariant();
            if (zone is not null || logged is not null)
            {
                _configuration.Set(zone, logged);
                if (running is not null)
                {
                    Replace(running with { DefaultZone = zone ?? running.DefaultZone, LogDenied = logged ?? running.LogDenied }, observer);
                }
            }
            if (settings.Panic is { } panic)
            {
                NftPanic.Set(panic);
            }
        }
        return Get(observer);
    }

    public IReadOnlyList<HostFirewallIssue> Check() => _configuration.Check();

    private ZoneChange Understand(ZoneRequest request)
    {
        ZoneChange change = ZoneChange.From(request);
        change.RequireServices(FindService);
        if (request.IcmpBlocks?.FirstOrDefault(name => !IcmpTypes.IsKnown(name)) is { } unknown)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{unknown}' is not a type of ICMP.")
            {
                Target = unknown,
                Advice = $"The types are: {string.Join(", ", IcmpTypes.Names)}.",
            };
        }
        return change;
    }

    private void Replace(FirewallState state, IEngineObserver observer)
    {
        IEnumerable<ForwardPort> forwards = state.Zones.Values.Where(state.IsActive).SelectMany(zone => zone.ForwardPorts);
        if (state.Zones.Values.Any(zone => zone.Masquerade && state.IsActive(zone)) || forwards.Any(forward => forward.ToAddress is not null))
        {
            AllowForwarding(forwards.Any(forward => forward.IsIPv6), observer);
        }
        s_table.Load(state, ServiceResolver.Resolve(state.Zones.Values, (name, zone) => FindService(name, zone.Name, observer)));
    }

    // Who masquerades or forwards ports passes packets on (firewalld does the same), and not for containers only.
    private static void AllowForwarding(bool alsoIPv6, IEngineObserver observer)
    {
        try
        {
            HostForwarding.ForHost(alsoIPv6);
        }
        catch (LayerImageException error)
        {
            observer.Warning($"Nothing is passed on: {error.Message}");
        }
    }

    // It is bound without a file, and whoever writes it into a zone moves it there.
    private static ZoneSettings WithoutBridge(ZoneSettings zone) =>
        zone with { Interfaces = [.. zone.Interfaces.Where(name => name != NftFirewallScript.ContainerBridge)] };

    private static FirewallState WithoutBridge(FirewallState state) =>
        state with { Zones = state.Zones.ToDictionary(zone => zone.Key, zone => WithoutBridge(zone.Value)) };
}
