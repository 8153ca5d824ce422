using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The native firewall: a table of the module's own. While it is there the firewall runs; what it holds is what is
/// true. Its parts: this file starts, stops and synchronises; Rules changes ports; Containers does so for containers.
/// </summary>
internal sealed partial class NftablesFirewall(EngineOptions options, ServiceManagerPaths serviceManager) : IHostFirewall
{
    private static readonly NftZoneTable s_table = NftZoneTable.Firewall;

    private readonly FirewallConfiguration _configuration = new(Path.Combine(options.Configuration, "firewall"));
    private readonly FirewallUnit _unit = new(serviceManager);

    public FirewallBackend Backend => FirewallBackend.Nftables;

    /// <summary>Where its permanent rules are.</summary>
    public string ConfigurationFolder => _configuration.Folder;

    /// <summary>Whether this firewall starts when the host boots.</summary>
    public bool IsEnabled => _unit.IsEnabled;

    public HostFirewall Get(IEngineObserver observer)
    {
        RequireRoot();
        FirewallState? running = s_table.Read();
        return HostFirewall.Of(Backend, running ?? _configuration.Read(observer), running is not null, IsEnabled) with { Panic = NftPanic.IsOn };
    }

    public HostFirewall Start(IEngineObserver observer)
    {
        using IDisposable held = Lock();
        if (s_table.Read() is null)
        {
            Load(_configuration.Read(observer), observer);
        }
        return HostFirewall.Of(Backend, MustRun(), isRunning: true, IsEnabled);
    }

    public void Stop(IEngineObserver observer)
    {
        using IDisposable held = Lock();
        NftPanic.Set(false);
        s_table.Delete();
    }

    public Task EnableAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        return _unit.EnableAsync(options.AgentCommand("firewall-start"), cancellationToken);
    }

    public Task DisableAsync(CancellationToken cancellationToken)
    {
        RequireRoot();
        return _unit.DisableAsync(cancellationToken);
    }

    public HostFirewall Sync(SyncOptions options, IEngineObserver observer)
    {
        using IDisposable held = Lock();
        FirewallState running = MustRun();
        if (options.RuntimeToPermanent)
        {
            SavePermanent(running);
        }
        else
        {
            Load(NftZoneTable.KeepOwned(_configuration.Read(observer, running), running, observer), observer);
        }
        if (options.Complete)
        {
            ConntrackTable.Flush();
        }
        return HostFirewall.Of(Backend, MustRun(), isRunning: true, IsEnabled);
    }

    private void Load(FirewallState state, IEngineObserver observer)
    {
        FirewallState bound = BindContainerBridge(state);
        foreach (ZoneSettings zone in state.Zones.Values.Where(state.IsActive))
        {
            foreach (string element in zone.NotSupported)
            {
                observer.Warning($"Zone '{zone.Name}': {element} in {_configuration.PathOf(zone.Name)} has no effect here; only firewalld knows it.");
            }
        }
        Replace(bound, observer);
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

    /// <summary>A service that nobody knows, or whose file is not understood, opens nothing, which is said.</summary>
    private ServiceDefinition? FindService(string name, string zone, IEngineObserver observer)
    {
        try
        {
            if (_configuration.FindService(name) is { } service)
            {
                return service;
            }
            observer.Warning($"Zone '{zone}': the service '{name}' is not known, so it opens nothing; describe it in {_configuration.ServicePath(name)}.");
        }
        catch (LayerImageException error) when (error.Error == EngineError.FirewallConfigurationInvalid)
        {
            observer.Warning($"Zone '{zone}': the service '{name}' opens nothing: {error.Message}");
        }
        return null;
    }

    private IDisposable Lock()
    {
        RequireRoot();
        TrustedFolder.Require(options.Configuration, "LAYERIMAGE_CONFIG");
        return FirewallLock.Take(options.Run);
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

    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallNotRunning"/>.</exception>
    private static FirewallState MustRun() => s_table.Read()
        ?? throw new LayerImageException(EngineError.FirewallNotRunning, "The host firewall does not run, so it has no running rules; every port is open.")
        {
            Advice = "Start it with Start-HostFirewall, or choose -Scope Permanent to change what it starts with.",
        };
}
