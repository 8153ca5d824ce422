using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>A layer to receive: its blob, what is to come out of it, and the stack it stands in.</summary>
/// <param name="Blob">The compressed layer.</param>
/// <param name="DiffId">The digest that its tar must have.</param>
/// <param name="ChainId">The digest of the stack up to it.</param>
internal sealed record WantedLayer(Descriptor Blob, Digest DiffId, Digest ChainId);

/// <summary>
/// Brings one layer into the store: received, checked, unpacked and recorded, or found to be there. Any number of
/// layers at once; two processes that want the same layer make it once.
/// </summary>
internal sealed class LayerMaker(StoreLayout layout, LayerStore layers, ContentStore content, LayerProgress progress, UnpackBudget budget)
{
    /// <summary>Whether this process can unpack: owners, devices and trusted xattrs need root on Linux.</summary>
    public static bool CanUnpack => HostSystem.IsLinux && Environment.IsPrivilegedProcess;

    /// <summary>Brings a layer into the store.</summary>
    /// <param name="source">Where its blob comes from.</param>
    /// <param name="wanted">The layer.</param>
    /// <param name="below">The layers below, the base first, when they are ready: only some layers ask for them.</param>
    /// <param name="turn">Waits for one of the slots.</param>
    /// <param name="slots">Bounds how many layers are worked on at once; a slot is given back when the work is done.</param>
    /// <param name="cancellationToken">Ends the work; what was received stays for the next time.</param>
    /// <returns>The unpacked layer, or null when this process cannot unpack and only the blob is here.</returns>
    public async Task<LayerRecord?> ReceiveAsync(
        IBlobSource source,
        WantedLayer wanted,
        Func<Task<IReadOnlyList<LayerRecord>>> below,
        Task turn,
        SemaphoreSlim slots,
        CancellationToken cancellationToken)
    {
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string unpacked = Path.Combine(scratch.Path, "layer");
        LayerRecord? record;
        IReadOnlyList<LayerPath> implied;
        await turn.ConfigureAwait(false);
        using (Slot slot = new(slots))
        using (await layers.LockAsync(wanted.DiffId, progress.Observer, cancellationToken).ConfigureAwait(false))
        {
            (record, implied, bool isNew) = await MakeAsync(source, wanted, unpacked, cancellationToken).ConfigureAwait(false);
            slot.Dispose(); // the next one computes while this one waits for the disk
            if (record is null || !isNew)
            {
                progress.Report(wanted.Blob, "Done", wanted.Blob.Size);
                return record;
            }
            if (implied.Count == 0)
            {
                return AdoptWithBlob(unpacked, record, wanted, 0);
            }
        }

        // The lock is free while this waits for the layers below, which may need it.
        IReadOnlyList<LayerRecord> lower = await below().ConfigureAwait(false);
        using FileLock again = await layers.LockAsync(wanted.DiffId, progress.Observer, cancellationToken).ConfigureAwait(false);
        if (layers.Find(wanted.DiffId, wanted.ChainId) is LayerRecord made)
        {
            return made;
        }
        ImpliedDirectories.Adopt(unpacked, implied, [.. lower.Reverse().Select(layer => layers.PathOf(layer.Key))]);
        return AdoptWithBlob(unpacked, record, wanted, implied.Count);
    }

    /// <summary>Deletes what was received of layers, after a full disk: kept, it would leave the next try no more room.</summary>
    public void Forget(IEnumerable<WantedLayer> wanted)
    {
        foreach (WantedLayer layer in wanted)
        {
            try
            {
                // A program that is being started at this moment has this process's locks until it is itself.
                using FileLock? held = FileLock.TryAcquire(layout.Lock("layer-" + layer.DiffId.Hex), TimeSpan.FromSeconds(1));
                if (held is not null)
                {
                    File.Delete(layout.Partial(layer.Blob.Digest));
                }
            }
            catch (Exception e) when (e is LinuxException or IOException)
            {
                // Not even a lock fits on the disk; the part is continued one day.
            }
        }
    }

    private async Task<(LayerRecord? Record, IReadOnlyList<LayerPath> Implied, bool IsNew)> MakeAsync(
        IBlobSource source,
        WantedLayer wanted,
        string unpacked,
        CancellationToken cancellationToken)
    {
        LayerRecord? existing = layers.Find(wanted.DiffId, wanted.ChainId);
        bool hasBlob = content.Has(wanted.Blob.Digest), unpacks = existing is null && CanUnpack;
        if (existing is not null && (hasBlob || !source.Has(wanted.Blob)))
        {
            progress.Report(wanted.Blob, "Already here", wanted.Blob.Size);
            return (existing, [], false);
        }
        if (existing is null && hasBlob && !unpacks)
        {
            return (null, [], false);
        }
        string? directory = unpacks ? unpacked : null;
        PipelineResult result;
        try
        {
            result = await RunAsync(source, wanted, hasBlob, directory, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (hasBlob && e.Error == EngineError.LayerCorrupt && source.Has(wanted.Blob))
        {
            progress.Observer.Warning($"{e.Message} It is received again.");
            TreeRemoval.Remove(unpacked);
            result = await RunAsync(source, wanted, hasBlob: false, directory, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (!hasBlob && IsOfTheSource(e) && source.TryElsewhere())
        {
            progress.Observer.Verbose($"{e.Message} It is asked of the registry itself.");
            TreeRemoval.Remove(unpacked);
            result = await RunAsync(source, wanted, hasBlob: false, directory, cancellationToken).ConfigureAwait(false);
        }
        if (result.Unpacked is not UnpackResult found)
        {
            // The layer came another way (a commit, another compression) and only its blob was missing; or it waits for who can unpack.
            content.AdoptReceived(layout.Partial(wanted.Blob.Digest), wanted.Blob.Digest, wanted.Blob.Size);
            return (existing, [], false);
        }
        LayerRecord record = new()
        {
            Key = found.ImpliedDirectories.Count > 0 ? wanted.ChainId.Hex : wanted.DiffId.Hex,
            DiffId = wanted.DiffId,
            ContentBytes = found.ContentBytes,
            TarSize = result.TarSize,
            Entries = found.Entries,
            HasRoot = found.HasRoot,
            HasImplied = found.ImpliedDirectories.Count > 0,
        };
        return (record, found.ImpliedDirectories, true);
    }

    private static bool IsOfTheSource(LayerImageException failure) =>
        failure.Error is EngineError.DigestMismatch or EngineError.SizeMismatch or EngineError.RegistryUnreachable;

    private async Task<PipelineResult> RunAsync(IBlobSource source, WantedLayer wanted, bool hasBlob, string? directory, CancellationToken cancellationToken)
    {
        if (directory is not null)
        {
            Directory.CreateDirectory(directory);
        }
        string partial = layout.Partial(wanted.Blob.Digest);
        progress.Report(wanted.Blob, hasBlob ? "Unpacking" : "Receiving", 0);
        PipelineResult result;
        try
        {
            Task Verify(Action<long> grown, CancellationToken token) => Task.Run(() => content.Verify(wanted.Blob.Digest, grown, token), token);
            Task Receive(Action<long> grown, CancellationToken token) => source.CopyAsync(wanted.Blob, partial, grown + ReportReceived, token);
            void ReportReceived(long done) => progress.Report(wanted.Blob, "Receiving", done);
            string blob = hasBlob ? layout.Blob(wanted.Blob.Digest) : partial;
            Func<Action<long>, CancellationToken, Task> bytes = hasBlob ? Verify : Receive;
            result = await LayerPipeline.RunAsync(blob, bytes, directory, cancellationToken, budget.OfLayer(wanted.Blob.Size)).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error is EngineError.LayerInvalid or EngineError.LayerTooLarge)
        {
            File.Delete(partial); // it would be refused again
            throw;
        }
        FaultPoint.Reach(FaultPoint.Received);
        if (result.DiffId != wanted.DiffId)
        {
            File.Delete(partial);
            throw new LayerImageException(EngineError.DigestMismatch,
                $"The layer {wanted.Blob.Digest} unpacks to {result.DiffId}, and the image's configuration says {wanted.DiffId}.")
            { Target = wanted.Blob.Digest.ToString(), Advice = "The image was built wrongly or is hostile; ask who made it." };
        }
        return result;
    }

    // One of the places for work; given back once.
    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        private bool _isFree;

        public void Dispose()
        {
            if (!_isFree)
            {
                _isFree = true;
                slots.Release();
            }
        }
    }

    private LayerRecord AdoptWithBlob(string unpacked, LayerRecord record, WantedLayer wanted, int implied)
    {
        FaultPoint.Reach(FaultPoint.Unpacked);
        LayerStore.Sync(unpacked, record.Entries + implied);
        FaultPoint.Reach(FaultPoint.LayerSynced);
        string partial = layout.Partial(wanted.Blob.Digest);
        ContentStore.Sync(partial);
        LayerRecord adopted = layers.Adopt(unpacked, record, transaction =>
        {
            if (File.Exists(partial))
            {
                content.Adopt(transaction, partial, wanted.Blob.Digest);
            }
            BlobTable.Record(transaction, wanted.Blob.Digest, wanted.Blob.Size);
        });
        progress.Report(wanted.Blob, "Done", wanted.Blob.Size);
        return adopted;
    }
}
