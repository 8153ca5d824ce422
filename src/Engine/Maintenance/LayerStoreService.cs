using System.Runtime.CompilerServices;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>The store as a whole: what it has, whether it is whole, mending it, freeing what nobody needs.</summary>
public sealed class LayerStoreService
{
    private readonly StoreLayout _layout;
    private readonly StoreDatabase _database;
    private readonly ImageService _images;
    private readonly StoreGarbage _garbage;
    private readonly StoreRecordCheck _records;
    private readonly StoreContentCheck _content;
    private readonly StoreRepairer _repairer;
    private readonly StoreReserve _reserve;

    internal LayerStoreService(
        StoreLayout layout,
        StoreDatabase database,
        LayerStore layers,
        ContentStore content,
        ImageService images,
        RegistryConnector registries,
        TimeProvider clock)
    {
        _layout = layout;
        _reserve = new StoreReserve(layout);
        _database = database;
        _images = images;
        _garbage = new StoreGarbage(layout, database, layers, content, new UnionMountRecords(layout, database, layers));
        _records = new StoreRecordCheck(layout, database, _garbage, LayerMaker.CanUnpack);
        _content = new StoreContentCheck(database, layers, content, _records);
        _repairer = new StoreRepairer(layout, database, layers, content, registries, _garbage, clock);
    }

    /// <summary>What is in the store, and what it has of the disk. Looks at every file.</summary>
    public LayerStoreInfo Get()
    {
        IReadOnlyList<StoreItem> garbage = FindGarbage();
        (long images, long layers, long containers, long blobs) = _database.Read(transaction =>
            (ImageTable.Count(transaction), LayerTable.Count(transaction), ContainerTable.Count(transaction), BlobTable.Count(transaction)));
        // What a killed process left counts by that, wherever it lies.
        long LeftIn(string folder) =>
            garbage.Where(item => item.Kind == StoreItemKind.Leftover && item.Path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                .Sum(item => item.Bytes);
        return new LayerStoreInfo
        {
            Path = _layout.Root,
            Version = StoreDatabase.Version,
            Images = images,
            Layers = layers,
            Containers = containers,
            Blobs = blobs,
            BlobBytes = DiskUsage.Of(_layout.Content) - LeftIn(_layout.Content),
            LayerBytes = DiskUsage.Of(_layout.Layers) - LeftIn(_layout.Layers),
            ContainerBytes = DiskUsage.Of(_layout.Containers) - LeftIn(_layout.Containers),
            MountBytes = DiskUsage.Of(_layout.Mounts) - LeftIn(_layout.Mounts),
            CacheBytes = DiskUsage.Of(_layout.Indexes) + DiskUsage.Of(_layout.Cache),
            PartialBytes = DiskUsage.Of(_layout.Ingest) - LeftIn(_layout.Ingest),
            LeftoverBytes = garbage.Where(item => item.Kind == StoreItemKind.Leftover).Sum(item => item.Bytes),
            RecordBytes = new[] { "", "-wal", "-shm" }.Sum(suffix => DiskUsage.Of(_layout.Database + suffix)) + DiskUsage.Of(_layout.Reserve),
            ReclaimableBytes = garbage.Sum(item => item.Bytes),
        };
    }

    /// <summary>
    /// Looks whether the store is whole; each thing that is wrong, as it is found. Changes nothing, and other processes may
    /// be at work meanwhile.
    /// </summary>
    /// <param name="full">Read every blob and every unpacked layer; else only compare records with files.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async IAsyncEnumerable<IntegrityIssue> TestAsync(bool full, IEngineObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        HashSet<(string, string?)> told = [];
        foreach (IntegrityIssue issue in await _records.CheckAsync(cancellationToken).ConfigureAwait(false))
        {
            told.Add((issue.Path, issue.Digest));
            yield return issue;
        }
        if (!full)
        {
            yield break;
        }
        await foreach (IntegrityIssue issue in _content.CheckAsync(observer, cancellationToken).ConfigureAwait(false))
        {
            if (told.Add((issue.Path, issue.Digest)))
            {
                yield return issue;
            }
        }
    }

    /// <summary>Mends an issue, and touches nothing else. Idempotent. Failing to is a result, too.</summary>
    /// <param name="issue">What <see cref="TestAsync"/> found.</param>
    /// <param name="removeLost">Remove the images that cannot be mended.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Ends the work; the store is as before.</param>
    /// <exception cref="LayerImageException">DiskFull or NotPrivileged: nothing can be mended.</exception>
    public async Task<StoreRepair> RepairAsync(IntegrityIssue issue, bool removeLost, IEngineObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return new StoreRepair
            {
                Issue = issue,
                IsRepaired = true,
                Message = await _repairer.RepairAsync(issue, observer, cancellationToken).ConfigureAwait(false),
            };
        }
        catch (LayerImageException e) when (e.Error is not (EngineError.DiskFull or EngineError.NotPrivileged))
        {
            return removeLost && e.Error is not (EngineError.ContainerRunning or EngineError.MountInUse) && issue.Images.Count > 0
                ? RemoveLost(issue)
                : new StoreRepair { Issue = issue, IsRepaired = false, Message = e.Advice is null ? e.Message : $"{e.Message} {e.Advice}" };
        }
    }

    /// <summary>What <see cref="Clear"/> would free. Changes nothing.</summary>
    public IReadOnlyList<StoreItem> FindGarbage() => _garbage.Find();

    /// <summary>
    /// Frees what nobody needs: layers and blobs that no image and no container has, partial downloads and upload records of
    /// nobody alive, what killed processes left. A pull at work loses nothing.
    /// </summary>
    /// <param name="items">What <see cref="FindGarbage"/> found.</param>
    /// <returns>What was freed: without what somebody needs again by now.</returns>
    /// <exception cref="LayerImageException">NotPrivileged: the store cannot be changed.</exception>
    public IEnumerable<StoreItem> Clear(IReadOnlyList<StoreItem> items) => items.Where(item => _reserve.Use(() => _garbage.Remove(item)));

    private StoreRepair RemoveLost(IntegrityIssue issue)
    {
        List<string> removed = [];
        foreach (string name in issue.Images)
        {
            foreach (Image image in _images.Find(name).DistinctBy(image => image.Id))
            {
                try
                {
                    _images.Remove(image, null, force: true, pretend: false);
                    removed.Add(name);
                }
                catch (LayerImageException e) when (e.Error == EngineError.ImageInUse)
                {
                    return new StoreRepair { Issue = issue, IsRepaired = false, Message = e.Message };
                }
            }
        }
        return new StoreRepair { Issue = issue, IsRepaired = issue.Containers.Count == 0, Message = $"Lost for good; removed: {string.Join(", ", removed)}." };
    }
}
