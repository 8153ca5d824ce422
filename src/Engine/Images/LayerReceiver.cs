using System.IO.Pipelines;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
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
internal sealed class LayerReceiver(StoreLayout layout, LayerStore layers, ContentStore content, IEngineObserver observer, string operation)
{
    /// <summary>Brings a layer in.</summary>
    /// <param name="client">The registry.</param>
    /// <param name="wanted">The layer.</param>
    /// <param name="below">The layers below, the base first, when they are ready: only some layers ask for them.</param>
    /// <param name="slots">Bounds how many layers are worked on at once.</param>
    /// <param name="cancellationToken">Ends the work; what was received stays for the next time.</param>
    public async Task<LayerRecord> ReceiveAsync(RegistryClient client, WantedLayer wanted, Func<Task<IReadOnlyList<LayerRecord>>> below, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        ScratchFolder scratch = ScratchFolder.Create(layout);
        try
        {
            LayerRecord? record;
            IReadOnlyList<LayerPath> implied;
            string unpacked = Path.Combine(scratch.Path, "layer");
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                using FileLock held = await layers.LockAsync(wanted.DiffId, observer, cancellationToken).ConfigureAwait(false);
                (record, implied, bool isNew) = await MakeAsync(client, wanted, unpacked, cancellationToken).ConfigureAwait(false);
                if (!isNew || implied.Count == 0)
                {
                    Report(wanted, "Done", wanted.Blob.Size);
                    return isNew ? AdoptWithBlob(unpacked, record, wanted) : record;
                }
            }
            finally
            {
                slots.Release();
            }

            // The lock and the slot are free while this waits for the layers below, which may need them.
            IReadOnlyList<LayerRecord> lower = await below().ConfigureAwait(false);
            using FileLock again = await layers.LockAsync(wanted.DiffId, observer, cancellationToken).ConfigureAwait(false);
            if (layers.Find(wanted.DiffId, wanted.ChainId) is LayerRecord made)
            {
                return made;
            }
            ImpliedDirectories.Adopt(unpacked, implied, [.. lower.Reverse().Select(layer => layers.PathOf(layer.Key))]);
            Report(wanted, "Done", wanted.Blob.Size);
            return AdoptWithBlob(unpacked, record, wanted);
        }
        finally
        {
            scratch.Dispose();
        }
    }

    /// <summary>Deletes what was received of layers, after a full disk: kept, it would leave the next try no more room.</summary>
    public void Forget(IEnumerable<WantedLayer> wanted)
    {
        foreach (WantedLayer layer in wanted)
        {
            try
            {
                using FileLock? held = FileLock.TryAcquire(layout.Lock("layer-" + layer.DiffId.Hex));
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

    private async Task<(LayerRecord Record, IReadOnlyList<LayerPath> Implied, bool IsNew)> MakeAsync(RegistryClient client, WantedLayer wanted, string unpacked, CancellationToken cancellationToken)
    {
        LayerRecord? existing = layers.Find(wanted.DiffId, wanted.ChainId);
        bool hasBlob = content.Has(wanted.Blob.Digest);
        if (existing is not null && hasBlob)
        {
            Report(wanted, "Already here", wanted.Blob.Size);
            return (existing, [], false);
        }
        if (existing is null)
        {
            Directory.CreateDirectory(unpacked);
        }
        string partial = layout.Partial(wanted.Blob.Digest);
        Func<PipeWriter, CancellationToken, Task> source = hasBlob
            ? (writer, token) => CopyBlobAsync(wanted, writer, token)
            : (writer, token) => new BlobDownload(client, wanted.Blob, partial).RunAsync(writer, done => Report(wanted, "Receiving", done), token);
        PipelineResult result;
        try
        {
            result = await LayerPipeline.RunAsync(source, existing is null ? unpacked : null, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid)
        {
            File.Delete(partial); // it would be refused again
            throw;
        }
        if (result.DiffId != wanted.DiffId)
        {
            File.Delete(partial);
            throw new LayerImageException(EngineError.DigestMismatch, $"The layer {wanted.Blob.Digest} unpacks to {result.DiffId}, and the image's configuration says {wanted.DiffId}.")
            { Target = wanted.Blob.Digest.ToString(), Advice = "The image was built wrongly or is hostile; ask who made it." };
        }
        if (existing is not null)
        {
            // The layer came another way (a commit, another compression); only its blob was missing.
            content.AdoptReceived(partial, wanted.Blob.Digest, wanted.Blob.Size);
            return (existing, [], false);
        }
        UnpackResult found = result.Unpacked!;
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

    private async Task CopyBlobAsync(WantedLayer wanted, PipeWriter writer, CancellationToken cancellationToken)
    {
        using FileStream blob = content.Open(wanted.Blob.Digest);
        Report(wanted, "Unpacking", 0);
        await blob.CopyToAsync(writer, cancellationToken).ConfigureAwait(false);
    }

    private LayerRecord AdoptWithBlob(string unpacked, LayerRecord record, WantedLayer wanted)
    {
        layers.Sync();
        string partial = layout.Partial(wanted.Blob.Digest);
        return layers.Adopt(unpacked, record, transaction =>
        {
            if (File.Exists(partial))
            {
                content.Adopt(partial, wanted.Blob.Digest);
            }
            ContentStore.Record(transaction, wanted.Blob.Digest, wanted.Blob.Size);
        });
    }

    private void Report(WantedLayer wanted, string phase, long done) =>
        observer.Progress(new TransferProgress(operation, wanted.Blob.Digest.Short, phase, done, wanted.Blob.Size));
}
