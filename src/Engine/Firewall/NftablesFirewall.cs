using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The native firewall: a table of the module's own. While it is there the firewall runs; what it holds is what is
/// true. Its parts: this file starts, stops and synchronises; Rules changes ports; Containers does so for containers.
/// </summary>
internal sealed partial class NftablesFirewall(EngineOptions options, ServiceManagerPaths serviceManager) : IHostFirewall
{
    private readonly FirewallConfiguration _configuration = new(Path.Combine(options.Configuration, "firewall"));
    private readonly FirewallUnit _unit = new(serviceManager);

    public HostFirewall Get()
    {
        NftProgram nft = Open();
        if (Running(nft) is { } running)
        {
            return Describe(running, isRunning: true);
        }
        return !FirewalldProbe.IsRunning() ? Describe(_configuration.Read(), isRunning: false) : new HostFirewall
        {
            Backend = FirewallBackend.Firewalld,
            Running = true,
            EnabledAtBoot = _unit.IsEnabled,
            DefaultZone = _configuration.DefaultZone(),
            Zones = [],
        };
    }

    public HostFirewall Start(IEngineObserver observer)
    {
        using IDisposable held = Lock();
        NftProgram nft = Open();
        if (FirewalldProbe.IsRunning())
        {
            throw FirewalldProbe.Owned("The firewall was not started");
        }
        if (Running(nft) is null)
        {
            Load(nft, _configuration.Read(), observer);
        }
        return Describe(MustRun(nft), isRunning: true);
    }

    public HostFirewall Stop()
    {
        using (Lock())
        {
            NftProgram nft = Open();
            if (IsLoaded())
            {
                nft.Run(NftFirewallScript.Delete(), EngineError.FirewallFailed);
            }
        }
        return Get();
    }

    public Task EnableAsync(string execStart, CancellationToken cancellationToken)
    {
        RequireRoot();
        return _unit.EnableAsync(execStart, cancellationToken);
    }

    public Task DisableAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        return _unit.DisableAsync(cancellationToken);
    }

    public HostFirewall Sync(SyncOptions options, IEngineObserver observer)
    {
        using IDisposable held = Lock();
        NftProgram nft = Open();
        FirewallState running = MustRun(nft);
        if (options.RuntimeToPermanent)
        {
            SavePermanent(running);
        }
        else
        {
            Load(nft, KeepOwned(_configuration.Read(), running, observer), observer);
        }
        if (options.Complete)
        {
            ConntrackTable.Flush();
        }
        return Describe(MustRun(nft), isRunning: true);
    }

    /// <summary>The permanent zones with the containers' running rules.</summary>
    private static FirewallState KeepOwned(FirewallState permanent, FirewallState running, IEngineObserver observer)
    {
        Dictionary<string, ZoneSettings> zones = new(permanent.Zones);
        foreach (ZoneSettings zone in running.Zones.Values.Where(zone => zone.Elements(PortSetKey.OwnedOf(zone.Name)).Count > 0))
        {
            IReadOnlyList<PortElement> owned = zone.Elements(PortSetKey.OwnedOf(zone.Name));
            if (!zones.TryGetValue(zone.Name, out ZoneSettings? now))
            {
                observer.Warning($"Zone '{zone.Name}' is gone, and with it the ports that were open there for containers: "
                    + string.Join(", ", owned.Select(element => $"{element.Range}/{element.Protocol.Name()} ({element.Owners})")));
                continue;
            }
            zones[zone.Name] = now with { Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>>(now.Ports) { [PortSetKey.OwnedOf(zone.Name)] = owned } };
        }
        return permanent with { Zones = zones };
    }

    private void Load(NftProgram nft, FirewallState state, IEngineObserver observer)
    {
        FirewallState bound = BindContainerBridge(state);
        foreach (ZoneSettings zone in state.Zones.Values.Where(state.IsActive))
        {
            foreach (string element in _configuration.Load(zone.Name).NotSupported())
            {
                observer.Warning($"Zone '{zone.Name}': {element} in {_configuration.PathOf(zone.Name)} has no effect here; only firewalld knows it.");
            }
        }
        nft.Run(NftFirewallScript.Load(bound, ResolveServices(bound)), EngineError.FirewallFailed);
    }

    /// <summary>Containers reach the host as under docker, unless a zone file binds their bridge itself.</summary>
    private static FirewallState BindContainerBridge(FirewallState state)
    {
        const string Trusted = "trusted";
        if (state.Zones.Values.Any(zone => zone.Interfaces.Contains(NftFirewallScript.ContainerBridge)))
        {
            return state;
        }
        ZoneSettings zone = state.Zones[Trusted];
        return state with
        {
            Zones = new Dictionary<string, ZoneSettings>(state.Zones)
            {
                [Trusted] = zone with { Interfaces = [.. zone.Interfaces, NftFirewallScript.ContainerBridge] },
            },
        };
    }

    private Dictionary<string, IReadOnlyList<ServiceDefinition>> ResolveServices(FirewallState state)
    {
        Dictionary<string, IReadOnlyList<ServiceDefinition>> resolved = [];
        foreach (ZoneSettings zone in state.Zones.Values)
        {
            foreach (string name in zone.Services)
            {
                Dictionary<string, ServiceDefinition> found = [];
                Collect(name, found, zone.Name);
                resolved[name] = [.. found.Values];
            }
        }
        return resolved;
    }

    private void Collect(string name, Dictionary<string, ServiceDefinition> found, string zone)
    {
        if (found.ContainsKey(name))
        {
            return;
        }
        ServiceDefinition service = _configuration.FindService(name) ?? throw FirewallXml.Invalid(_configuration.PathOf(zone), 0,
            $"the service '{name}' is not known; describe it in {_configuration.ServicePath(name)}", null);
        found.Add(name, service);
        foreach (string included in service.Includes)
        {
            Collect(included, found, zone);
        }
    }

    private HostFirewall Describe(FirewallState state, bool isRunning) => new()
    {
        Backend = FirewallBackend.Nftables,
        Running = isRunning,
        EnabledAtBoot = _unit.IsEnabled,
        DefaultZone = state.DefaultZone,
        Zones = [.. state.Zones.Values.OrderBy(zone => zone.Name, StringComparer.Ordinal).Select(zone => new HostFirewallZone
        {
            Name = zone.Name,
            Target = zone.Target,
            Interfaces = zone.Interfaces,
            Sources = zone.Sources,
            Services = zone.Services,
            Ports = [.. zone.Ports.SelectMany(set => set.Value.Select(element => (set.Key.Source, element)))
                .OrderBy(pair => (pair.element.Protocol, pair.element.Range))
                .Select(pair => $"{pair.element.Range}/{pair.element.Protocol.Name()}" + (pair.Source is { } source ? $" from {source}" : ""))],
            IsActive = state.IsActive(zone),
        })],
    };

    private IDisposable Lock()
    {
        RequireRoot();
        return FirewallLock.Take(options.Run);
    }

    private static NftProgram Open()
    {
        RequireRoot();
        return new NftProgram();
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LayerImageException(EngineError.NotPrivileged, "The host's firewall can be seen and changed by root only.")
            {
                Advice = "Run it as root (sudo).",
            };
        }
    }

    /// <summary>What runs, or null. It is asked for without starting nft when nothing does.</summary>
    private static FirewallState? Running(NftProgram nft)
    {
        while (IsLoaded())
        {
            try
            {
                return NftFirewallReader.Parse(nft.List($"table inet {NftFirewallScript.Table}", EngineError.FirewallFailed));
            }
            catch (LayerImageException e) when (e.Error == EngineError.FirewallFailed && !IsLoaded())
            {
                // Another process stopped it in between.
            }
        }
        return null;
    }

    private static bool IsLoaded() => NftMessages.HasTable(NftFirewallScript.Table);

    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallNotRunning"/>, <see cref="EngineError.FirewallOwned"/>.</exception>
    private static FirewallState MustRun(NftProgram nft) => Running(nft) ?? throw (FirewalldProbe.IsRunning()
        ? FirewalldProbe.Owned("Nothing was changed")
        : new LayerImageException(EngineError.FirewallNotRunning, "The host firewall does not run, so it has no running rules; every port is open.")
        {
            Advice = "Start it with Start-HostFirewall, or choose -Scope Permanent to change what it starts with.",
        });
}
