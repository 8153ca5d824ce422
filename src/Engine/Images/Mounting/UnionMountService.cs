using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>
/// Unions that users hold in their hands: an image's layers or any folders, at a path. Layers of a mounted image stay
/// until it is dismounted, whatever happens to the image.
/// </summary>
public sealed class UnionMountService
{
    private const int MostTries = 3;
    private readonly StoreLayout _layout;
    private readonly LayerStore _layers;
    private readonly ImageService _images;
    private readonly UnionMountRecords _records;
    private readonly UnionMountPlanner _plan;
    private readonly IUnionMountDriver _driver;

    internal UnionMountService(StoreLayout layout, StoreDatabase database, LayerStore layers, ImageService images, IUnionMountDriver driver, TimeProvider clock)
    {
        (_layout, _layers, _images, _driver) = (layout, layers, images, driver);
        _records = new UnionMountRecords(layout, database, layers);
        _plan = new UnionMountPlanner(layout, _records, clock);
    }

    /// <summary>All unions that are mounted, and the changes that are kept of others; the oldest first.</summary>
    public IReadOnlyList<UnionMount> List()
    {
        _records.Reconcile();
        return [.. _records.List().Select(record => record.Mount)];
    }

    /// <summary>Fails as <see cref="MountAsync"/> would, as far as that can be told without unpacking anything. Changes nothing.</summary>
    public void Check(UnionMountRequest request)
    {
        RequireRoot();
        Image? image = request.Reference is null ? null : _images.Get(request.Reference);
        string[] layers = image is null
            ? [.. request.Layers.Select(layer => CanonicalFolder.Resolve(layer, "layer"))]
            : [.. image.Layers.Select(layer => layer.Path ?? _layout.Layers)];
        RequireLayers(request, layers);
        _ = _plan.Make(request, image, Lower(image, layers), null);
    }

    private static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess || !HostSystem.IsLinux)
        {
            throw new LayerImageException(EngineError.NotPrivileged, "Mounting needs root on Linux.")
            {
                Advice = "Run the session as root, for example: sudo ./layerimage",
            };
        }
    }

    private static void RequireLayers(UnionMountRequest request, string[] layers)
    {
        if (layers.Length is 0 or > OverlayMountDriver.MostLayers)
        {
            throw new LayerImageException(EngineError.ParameterInvalid,
                $"{request.Reference ?? "The union"} has {layers.Length} layers; "
                + $"1 to {OverlayMountDriver.MostLayers} can be united.") { Target = request.Reference };
        }
    }

    /// <summary>Mounts. Layers that are not unpacked yet are unpacked first. A failure leaves nothing.</summary>
    /// <exception cref="LayerImageException">
    /// ImageNotFound, PathInvalid, MountInUse, NotPrivileged, NotSupportedByKernel or MountFailed.
    /// </exception>
    public async Task<UnionMount> MountAsync(UnionMountRequest request, IEngineObserver observer, CancellationToken cancellationToken)
    {
        RequireRoot();
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await MountOnceAsync(request, observer, cancellationToken).ConfigureAwait(false);
            }
            catch (LayerImageException e)
                when (request.Reference is not null
                    && attempt < MostTries
                    && (e.Error == EngineError.LayerCorrupt || e is LinuxException { Errno: LinuxException.ENOENT }))
            {
                // The image was removed while its mount was prepared: the next look at it says so, or it has come again.
            }
        }
    }

    private async Task<UnionMount> MountOnceAsync(UnionMountRequest request, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Image? image = request.Reference is null
            ? null
            : await _images.GetForContainerAsync(request.Reference, PullPolicy.Never, observer, cancellationToken).ConfigureAwait(false);
        string[] layers = image is null
            ? [.. request.Layers.Select(layer => CanonicalFolder.Resolve(layer, "layer"))]
            : [.. image.Layers.Select(layer => layer.Path!)];
        RequireLayers(request, layers);
        string[] keys = [.. layers.Where(layer => Path.GetDirectoryName(layer) == _layout.Layers).Select(layer => Path.GetFileName(layer))];
        using FileLock held = await _records.LockAsync(observer, cancellationToken).ConfigureAwait(false);
        _records.ReconcileLocked();
        string? root = image is null ? null : _layers.RootOf(keys);
        return Mount(_plan.Make(request, image, Lower(image, layers), root), keys, root, observer);
    }

    // Who gives a folder of their own twice is told.
    private static List<string> Lower(Image? image, string[] layers)
    {
        List<string> visible = UnionLookup.Visible(layers.Reverse());
        return image is null ? visible : UnionLookup.Once(visible);
    }

    private UnionMount Mount(UnionMountRecord record, string[] keys, string? root, IEngineObserver observer)
    {
        // The record comes first, so that the layers stay, and that what a killed process made here goes again.
        bool hadUpper = record.KeepsChanges || Directory.Exists(record.Mount.UpperDir);
        try
        {
            _records.Insert(record, keys);
            FaultPoint.Reach(FaultPoint.MountRecorded);
            _plan.Prepare(record, root);
            FaultPoint.Reach(FaultPoint.MountPrepared);
            if (!record.Made.HasFlag(MadeForMount.Path) && Directory.EnumerateFileSystemEntries(record.Mount.Merged).Any())
            {
                observer.Warning($"The folder {record.Mount.Merged} is not empty: what is in it is hidden until the union is dismounted.");
            }
            UnionMount mount = record.Mount;
            _driver.Mount(new OverlayMount
            {
                LowerDirs = mount.LowerDirs,
                UpperDir = mount.UpperDir,
                WorkDir = mount.WorkDir,
                Source = record.Source,
                Merged = mount.Merged,
                IsConfined = true,
            });
            FaultPoint.Reach(FaultPoint.Mounted);
            return mount;
        }
        catch
        {
            _records.End(record, discard: true);
            if (!hadUpper && Directory.Exists(record.Mount.UpperDir))
            {
                Directory.Delete(record.Mount.UpperDir);
            }
            throw;
        }
    }

    /// <summary>
    /// Dismounts, or forgets changes that were kept. Changes in the store stay until they are discarded, and that is told;
    /// those in a folder of the user's always stay.
    /// </summary>
    /// <exception cref="LayerImageException">MountNotFound; MountInUse: the message names who uses it.</exception>
    public async Task DismountAsync(UnionMount mount, DismountOptions options, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using FileLock held = await _records.LockAsync(observer, cancellationToken).ConfigureAwait(false);
        _records.ReconcileLocked();
        UnionMountRecord record = _records.List().Find(record => record.Mount.Id == mount.Id)
            ?? throw new LayerImageException(EngineError.MountNotFound, $"No union is mounted at {mount.Merged}.")
            {
                Target = mount.Merged,
                Advice = "Get-LayerImageMount lists the mounts.",
            };
        if (record.Mount.IsMounted)
        {
            Unmount(record, options.Force, observer);
            FaultPoint.Reach(FaultPoint.Unmounted);
        }
        if (_records.End(record, options.Discard))
        {
            observer.Warning(
                $"The changes of {record.Mount.Merged} are kept in {record.Mount.UpperDir}. Mount-LayerImage -UpperDir unites them again; "
                + "Dismount-LayerImage -Discard deletes them.");
        }
    }

    private void Unmount(UnionMountRecord record, bool force, IEngineObserver observer)
    {
        string path = record.Mount.Merged;
        if (record.Namespace != MountNamespace.Own)
        {
            throw new LayerImageException(EngineError.MountInUse, $"The union at {path} is mounted in another mount namespace.")
            {
                Target = path,
                Advice = "Dismount it in a session of that namespace, or end its processes.",
            };
        }
        try
        {
            if (!_driver.UnmountOne(path, detach: false))
            {
                throw new LayerImageException(EngineError.MountInUse, $"Something else is mounted over the union at {path}.")
                {
                    Target = path,
                    Advice = "Unmount that first.",
                };
            }
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EBUSY)
        {
            string holders = MountHolders.Describe(path) is { Length: > 0 } found ? found : "somebody (perhaps a loop device or swap file in it)";
            if (!force)
            {
                throw new LayerImageException(EngineError.MountInUse, $"The union at {path} is in use by {holders}.", e)
                {
                    Target = path,
                    Advice = "End that first, or use -Force: who uses it keeps it until the end.",
                };
            }
            observer.Warning($"The union at {path} is still used by {holders}; it ends with them.");
            _driver.UnmountOne(path, detach: true);
        }
    }
}
