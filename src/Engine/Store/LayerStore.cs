using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>
/// Unpacked layers, each kept once: <c>layers/&lt;key&gt;</c> in overlayfs's form, never changed after its record is
/// written. The key is the DiffID's hex, so that images with different bases share a layer; a layer whose tar leaves
/// out parent directories takes their attributes from below and is keyed by its ChainID instead.
/// </summary>
internal sealed class LayerStore(StoreLayout layout, StoreDatabase database)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>The layer with this DiffID that is good for this stack, or null. One whose directory is lost is not: it can be made again.</summary>
    public LayerRecord? Find(Digest diffId, Digest chainId) =>
        database.Read(transaction => LayerTable.Find(transaction, diffId, chainId)) is LayerRecord found && StoreEntry.IsDirectory(PathOf(found.Key))
            ? found
            : null;

    /// <summary>Layers by key, the base first.</summary>
    public IReadOnlyList<LayerRecord> Get(IReadOnlyList<string> keys) =>
        database.Read(transaction => keys.Select(key => LayerTable.Find(transaction, key) ?? throw Missing(key)).ToList());

    /// <summary>A layer without a record.</summary>
    public static LayerImageException Missing(string key) =>
        new(EngineError.LayerCorrupt, $"The layer {key} is not in the store.")
        {
            Target = key,
            Advice = "Receive or import the image again, or see what Repair-LayerStore can mend.",
        };

    /// <summary>The directory of a layer.</summary>
    public string PathOf(string key) => layout.Layer(key);

    /// <summary>
    /// The directories of the stack that a layer stands on in one of its images, the top one first: they show what its tar leaves
    /// out. Without those that are not unpacked.
    /// </summary>
    public List<string> Below(string key) => database.Read(transaction => ImageLayerTable.Below(transaction, key).ConvertAll(layout.Layer));

    /// <summary>
    /// The directory of the layer whose root a union of these shows: the top-most whose tar describes its root, else the base.
    /// </summary>
    /// <param name="keys">Layers, the base first.</param>
    public string RootOf(IReadOnlyList<string> keys)
    {
        IReadOnlyList<LayerRecord> records = Get(keys);
        return PathOf((records.LastOrDefault(record => record.HasRoot) ?? records[0]).Key);
    }

    /// <summary>The lock for making a layer. Waits for another process that makes it now.</summary>
    public Task<FileLock> LockAsync(Digest diffId, IEngineObserver observer, CancellationToken cancellationToken) =>
        FileLock.AcquireAsync(layout.Lock("layer-" + diffId.Hex), $"layer {diffId.Short}", observer, cancellationToken);

    /// <summary>
    /// Gives a finished directory of a scratch folder its place and writes its record, with whatever else belongs to that
    /// transaction. The caller holds the layer's lock. The content must be synced: see <see cref="Sync"/>. A failure leaves the
    /// directory where it was, and what was in its place there.
    /// </summary>
    /// <param name="directory">The finished directory.</param>
    /// <param name="record">What to record of it.</param>
    /// <param name="alsoRecord">What else to record.</param>
    /// <param name="check">Called first in the transaction; throws when the layer may not be placed.</param>
    public LayerRecord Adopt(string directory, LayerRecord record, Action<StoreTransaction>? alsoRecord = null, Action<StoreTransaction>? check = null)
    {
        string place = layout.Layer(record.Key), left = directory + ".left";
        bool placed = false, exchanged = false;
        try
        {
            database.Write(transaction =>
            {
                check?.Invoke(transaction);
                if (StoreEntry.Exists(place) && !UpperHandover.TryReturn(transaction, layout, place))
                {
                    // What a killed process left between rename and record, or a damaged layer. Ours is as good and certainly whole.
                    // In one step, so that a layer with a record is always there; but a container's upper directory must not get it.
                    exchanged = directory.StartsWith(layout.Scratch + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                        && Libc.TryExchange(directory, place);
                    if (!exchanged)
                    {
                        Libc.Rename(place, left);
                    }
                }
                if (!exchanged)
                {
                    // Inside the transaction: a directory without a record is then never somebody's who is at work.
                    Libc.Rename(directory, place);
                }
                placed = true;
                AtomicFile.SyncDirectory(layout.Layers);
                FaultPoint.Reach(FaultPoint.LayerPlaced);
                LayerTable.Record(transaction, record);
                alsoRecord?.Invoke(transaction);
                FaultPoint.Reach(FaultPoint.LayerRecording);
            });
            FaultPoint.Reach(FaultPoint.LayerRecorded);
        }
        catch when (placed)
        {
            PutBack(place, directory, left, exchanged); // the record did not fit on the disk, say
            throw;
        }
        TreeRemoval.Remove(left);
        if (exchanged)
        {
            TreeRemoval.Remove(directory);
        }
        return record;
    }

    // Another process may have taken the directory for a leftover by now; then the first failure is still the one to tell.
    private static void PutBack(string place, string directory, string left, bool exchanged)
    {
        try
        {
            if (exchanged)
            {
                Libc.TryExchange(directory, place);
                return;
            }
            if (!StoreEntry.Exists(directory))
            {
                Libc.Rename(place, directory);
            }
            if (StoreEntry.Exists(left))
            {
                Libc.Rename(left, place);
            }
        }
        catch (LinuxException)
        {
            // Both are among what is removed with the scratch folder, or found as leftovers.
        }
    }

    /// <summary>Waits until a layer's content, in a scratch folder or elsewhere, is on the disk.</summary>
    /// <param name="directory">The content.</param>
    /// <param name="entries">How many entries it has, about.</param>
    public static void Sync(string directory, long entries) => TreeSync.Run(directory, entries);

    /// <summary>All unpacked layers of the store.</summary>
    public IReadOnlyList<LayerRecord> List() => database.Read(LayerTable.List);

    /// <summary>
    /// Deletes the directories of layers whose records went. Under the layer's lock and only if it still has no record:
    /// another process may have made the layer anew meanwhile.
    /// </summary>
    public void DeleteDirectories(IEnumerable<(string Key, Digest DiffId)> layers)
    {
        foreach ((string key, Digest diffId) in layers)
        {
            // A check reads it for a moment; who makes it anew replaces it, and what nobody replaces goes with the leftovers.
            using FileLock? held = FileLock.TryAcquire(layout.Lock("layer-" + diffId.Hex), s_patience);
            if (held is null)
            {
                continue;
            }
            using ScratchFolder trash = ScratchFolder.Create(layout);
            StoreLeftovers.MoveOut(database, layout, layout.Layer(key), Path.Combine(trash.Path, "layer"));
            FaultPoint.Reach(FaultPoint.LayerMovedOut);
        }
    }
}
