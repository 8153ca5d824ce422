using System.Threading.Channels;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// Keeps the guard of published ports true while there are containers and no PowerShell is alive: one process for a host.
/// firewalld tells on the bus whatever changes in it, its end and its start; then its zones are read again.
/// </summary>
/// <param name="options">Where the engine keeps its things.</param>
/// <param name="containers">The folder that has a file for each connected container.</param>
internal sealed class FirewalldWatch(EngineOptions options, string containers)
{
    // Several signals come at once: a reload, a zone with ten rules. And what is lost for a moment comes back.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(30), s_retry = TimeSpan.FromMilliseconds(500);
    private const int Retries = 6;

    private readonly Channel<bool> _events = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile bool _isStale = true;

    /// <summary>Starts such a process unless one runs, which holds a lock that ends with it. For who holds the firewall's lock.</summary>
    public static void Ensure(EngineOptions options)
    {
        if (options.AgentPath is null)
        {
            return;
        }
        using (FileStream? life = TryLock(options))
        {
            if (life is null)
            {
                return;
            }
        }
        string bus = $"{FirewalldPresence.BusVariable}={FirewalldPresence.BusAddress(options)}";
        int agent = Libc.PosixSpawn(options.AgentCommand("firewalld-watch"), [bus], []);
        // It outlives this session as a rule; should it end before, nobody else would take it off the list of processes.
        _ = Task.Run(() => Libc.WaitPid(agent));
    }

    /// <summary>Watches until the last container has gone.</summary>
    public async Task RunAsync()
    {
        using FileStream? life = TryLock(options);
        if (life is null)
        {
            return;
        }
        using FileSystemWatcher folder = new(Directory.CreateDirectory(containers).FullName) { EnableRaisingEvents = true };
        folder.Deleted += (_, _) => Wake();
        folder.Error += (_, _) => Wake();
        IDisposable? subscription = null;
        while (HasContainers())
        {
            if (subscription is null)
            {
                // Whatever happened before is not told.
                _isStale = true;
                subscription = await SubscribeAsync(() => subscription = null).ConfigureAwait(false);
            }
            // That a container has gone changes nothing in firewalld, and asking it takes the lock that the next one waits for.
            if (_isStale)
            {
                _isStale = false;
                await RefreshAsync().ConfigureAwait(false);
            }
            using CancellationTokenSource patience = new();
            if (subscription is null)
            {
                // No bus: it may be restarting.
                patience.CancelAfter(s_retry);
            }
            await WaitAsync(patience.Token).ConfigureAwait(false);
        }
        subscription?.Dispose();
        using IDisposable held = FirewallLock.Take(options.Run);
        // A container that starts now is connected before it is admitted, and waits for this lock then.
        if (!HasContainers())
        {
            NftZoneTable.Guard.Delete();
        }
    }

    private static FileStream? TryLock(EngineOptions options)
    {
        try
        {
            TrustedFolder.Claim(options.Run, "LAYERIMAGE_RUN");
            return new FileStream(Path.Combine(options.Run, "firewalld-watch.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private bool HasContainers() => Directory.Exists(containers) && Directory.EnumerateFileSystemEntries(containers).Any();

    private void Wake() => _events.Writer.TryWrite(true);

    private void WakeToRefresh()
    {
        _isStale = true;
        Wake();
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _events.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            await Task.Delay(s_quiet, CancellationToken.None).ConfigureAwait(false);
            while (_events.Reader.TryRead(out _))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Time to look again.
        }
    }

    private async Task<IDisposable?> SubscribeAsync(Action lost)
    {
        try
        {
            return await FirewalldBus.WatchAsync(FirewalldPresence.BusAddress(options), WakeToRefresh, () =>
            {
                lost();
                WakeToRefresh();
            }).ConfigureAwait(false);
        }
        catch (Tmds.DBus.Protocol.DBusExceptionBase)
        {
            return null;
        }
    }

    private async Task RefreshAsync()
    {
        for (int i = 0; i < Retries; i++)
        {
            try
            {
                Refresh();
                return;
            }
            catch (LayerImageException)
            {
                // firewalld is just ending or starting; if it is gone and its rules stay, so does what we say about them.
                await Task.Delay(s_retry).ConfigureAwait(false);
            }
        }
    }

    private void Refresh()
    {
        if (FirewalldPresence.Find(options) is { } bus)
        {
            using FirewalldFirewall firewall = new(bus, new FirewalldService(ServiceManagerPaths.System), options);
            firewall.Reconcile();
            return;
        }
        using IDisposable held = FirewallLock.Take(options.Run);
        if (NftZoneTable.Guard.Read() is { } guard)
        {
            // Nothing filters this host, so nothing is kept from its containers; their own rules wait for firewalld to come back.
            NftZoneTable.Guard.Load(guard with { Zones = guard.Zones.ToDictionary(zone => zone.Key, zone => Open(zone.Value)) },
                new Dictionary<string, IReadOnlyList<ServiceDefinition>>());
        }
    }

    private static ZoneSettings Open(ZoneSettings zone)
    {
        PortSetKey owned = PortSetKey.OwnedOf(zone.Name);
        return new ZoneSettings
        {
            Name = zone.Name,
            Target = "ACCEPT",
            Ports = new Dictionary<PortSetKey, IReadOnlyList<PortElement>> { [owned] = zone.Elements(owned) },
        };
    }
}
