using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Containers: made, started, looked at, stopped, removed. Nothing is believed of a record that the kernel can be
/// asked: every look reconciles, and an end that nobody has dealt with is dealt with then.
/// </summary>
public sealed partial class ContainerService
{
    private readonly EngineOptions _options;
    private readonly StoreLayout _layout;
    private readonly ImageService _images;
    private readonly LayerStore _layers;
    private readonly ContentStore _content;
    private readonly ContainerRecords _records;
    private readonly ContainerFiles _files;
    private readonly ContainerHosts _hosts;

    internal ContainerService(EngineOptions options, StoreLayout layout, ImageService images, LayerStore layers, ContentStore content, ContainerRecords records, ContainerHosts hosts)
    {
        _options = options;
        _layout = layout;
        _images = images;
        _layers = layers;
        _content = content;
        _records = records;
        _hosts = hosts;
        _files = new ContainerFiles(layout, layers);
    }

    private ContainerCleaner Cleaner => new(_layout, _records, _files, _layers, _content, _hosts, _options.Clock);

    private ContainerStarter Starter => new(_layout, _options, _records, _files, _hosts.Own, PublishOthersAgain);

    /// <summary>All containers, the newest first.</summary>
    public async Task<IReadOnlyList<Container>> ListAsync(CancellationToken cancellationToken)
    {
        List<Container> containers = [];
        foreach (ContainerRecord record in _records.List())
        {
            if (await LookAsync(record, cancellationToken).ConfigureAwait(false) is Container container)
            {
                containers.Add(container);
            }
        }
        TryRestoreNetwork();
        return containers;
    }

    /// <summary>By name, or by id or a unique beginning of one.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public async Task<Container> GetAsync(string nameOrId, CancellationToken cancellationToken)
    {
        ContainerRecord record = _records.Get(nameOrId);
        Container container = await LookAsync(record, cancellationToken).ConfigureAwait(false) ?? throw Gone(nameOrId);
        TryRestoreNetwork(record);
        return container;
    }

    /// <summary>Makes a container and does not start it.</summary>
    public async Task<Container> CreateAsync(ContainerRequest request, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ContainerRecord record = await MakeAsync(request, starting: false, observer, cancellationToken).ConfigureAwait(false);
        return record.ToContainer(ContainerState.Created);
    }

    /// <summary>Makes a container and starts it; when that fails there is no container.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="onAttached">Given a session that misses nothing, before the program goes; null to attach nobody.</param>
    /// <param name="observer">Hears of the pull and of warnings.</param>
    /// <param name="cancellationToken">Ends it; nothing is left.</param>
    public async Task<Container> RunAsync(ContainerRequest request, Func<ContainerTerminal, Task>? onAttached, IEngineObserver observer, CancellationToken cancellationToken)
    {
        ContainerRecord record = await MakeAsync(request, starting: true, observer, cancellationToken).ConfigureAwait(false);
        try
        {
            await SettlePortHoldersAsync(record, cancellationToken).ConfigureAwait(false);
            using FileLock held = await Cleaner.LockAsync(record.Id, observer, cancellationToken).ConfigureAwait(false);
            await Starter.StartAsync(record, AttachHandler(record.Id, onAttached), observer, cancellationToken).ConfigureAwait(false);
            // While the lock keeps the Agent away: one that removes itself may be gone a moment later.
            return Now(record.Id);
        }
        catch
        {
            Cleaner.Remove(record);
            throw;
        }
    }

    /// <summary>Starts a container that does not run. Idempotent: one that runs is left alone.</summary>
    public async Task<Container> StartAsync(string nameOrId, Func<ContainerTerminal, Task>? onAttached, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Container container = await GetAsync(nameOrId, cancellationToken).ConfigureAwait(false);
        if (container.State is ContainerState.Running or ContainerState.Paused)
        {
            return container;
        }
        RequireNamespaceRoot(container.Name);
        await SettlePortHoldersAsync(_records.Find(container.Id) ?? throw Gone(nameOrId), cancellationToken).ConfigureAwait(false);
        using FileLock held = await Cleaner.LockAsync(container.Id, observer, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = await SettleLockedAsync(container.Id, cancellationToken).ConfigureAwait(false) ?? throw Gone(nameOrId);
        if (record.State is ContainerState.Created or ContainerState.Exited)
        {
            await Starter.StartAsync(record, AttachHandler(record.Id, onAttached), observer, cancellationToken).ConfigureAwait(false);
        }
        return Now(record.Id);
    }

    /// <summary>Gives a container another name.</summary>
    public async Task<Container> RenameAsync(string nameOrId, string newName, CancellationToken cancellationToken)
    {
        ContainerRecord record = _records.Get(nameOrId);
        await FreeNameAsync(newName, cancellationToken).ConfigureAwait(false);
        _records.Rename(record.Id, newName);
        return await GetAsync(record.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>After the host's firewall was started: opens the ports of running containers that asked for it.</summary>
    public async Task OpenHostPortsAgainAsync(CancellationToken cancellationToken)
    {
        foreach (Container container in (await ListAsync(cancellationToken).ConfigureAwait(false)).Where(container => container.Spec.OpenHostPort && container.State is ContainerState.Running or ContainerState.Paused))
        {
            _hosts.Own.HostPorts.Open(container.Id, container.Name, container.Ports);
        }
    }

    private async Task<ContainerRecord> MakeAsync(ContainerRequest request, bool starting, IEngineObserver observer, CancellationToken cancellationToken)
    {
        CheckRequest(request, starting);
        CheckName(request.Name);
        if (request.AutoRemove && !starting)
        {
            observer.Verbose("The container is removed when it ends.");
        }
        foreach (string volume in request.Volumes.Where(volume => VolumeMount.IdleOptions(volume) is not null))
        {
            observer.Verbose($"The volume {volume}: {VolumeMount.IdleOptions(volume)} does nothing here. Labels of SELinux stay as they are, and a folder of this host needs no cache and no copy.");
        }
        Image image = await _images.GetForContainerAsync(request.Image, request.PullPolicy, observer, cancellationToken).ConfigureAwait(false);
        string id = ContainerNames.NewId();
        ContainerSpec spec = SpecMerger.Merge(request, image, id);
        string[] keys = [.. image.Layers.Select(layer => Path.GetFileName(layer.Path!))];
        if (keys.Length == 0)
        {
            throw new LayerImageException(EngineError.ManifestNotSupported, $"The image {request.Image} has no layers: there is nothing to run.") { Target = request.Image };
        }
        await FreeNameAsync(request.Name, cancellationToken).ConfigureAwait(false);
        ContainerRecord record = _records.Create(id, request.Name, spec, keys, _options.Clock.GetUtcNow());
        try
        {
            _files.Create(id, keys, image.Config.Config?.Volumes?.Keys ?? []);
            if (!starting)
            {
                _records.SetEnded(record with { State = ContainerState.Created });
            }
            return record;
        }
        catch
        {
            Cleaner.Remove(record);
            throw;
        }
    }

    // A name may be that of a container whose maker was killed: nobody was told of that one, and nobody sees it.
    private async Task FreeNameAsync(string? name, CancellationToken cancellationToken)
    {
        if (name is not null && _records.FindByName(name) is ContainerRecord { IsNew: true } other)
        {
            _ = await ReconcileAsync(other, cancellationToken).ConfigureAwait(false);
        }
    }

    private Container Now(string id)
    {
        ContainerRecord record = _records.Find(id) ?? throw Gone(id);
        return record.ToContainer(record.State);
    }

    private ContainerStarter.CreatedHandler? AttachHandler(string id, Func<ContainerTerminal, Task>? onAttached) => onAttached is null ? null : async (bundle, token) =>
        await onAttached(new ContainerTerminal(await AttachSession.ConnectAsync(bundle, token).ConfigureAwait(false))).ConfigureAwait(false);

    private static LayerImageException Gone(string text) => ContainerRecords.NotFound(text.Length == 64 ? text[..12] : text);

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            throw new LayerImageException(EngineError.NotPrivileged, "Containers need root: mounts and networks are made for them.") { Advice = "Run the session as root, for example: sudo ./layerimage" };
        }
    }
}
