using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>
/// The full check: every blob by its digest, every unpacked layer against the tar in its blob, in the same pass; a layer
/// that was made here and has no blob by the digest of the tar that it makes. Several at a time, nothing kept in memory.
/// </summary>
internal sealed class StoreContentCheck(StoreDatabase database, LayerStore layers, ContentStore content, StoreRecordCheck records)
{
    private const int MostDifferences = 10;
    private const string Operation = "Test-LayerStore";

    private sealed record Work(LayerRecord? Layer, Descriptor? Blob);

    /// <summary>Checks; what is wrong, as it is found.</summary>
    public async IAsyncEnumerable<IntegrityIssue> CheckAsync(IEngineObserver observer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Channel<IntegrityIssue> found = Channel.CreateUnbounded<IntegrityIssue>();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop.Token };
        Task all = Task.Run(async () =>
        {
            try
            {
                await Parallel.ForEachAsync(Plan(), options, async (work, token) =>
                {
                    if (await CheckAsync(work, observer, token).ConfigureAwait(false) is IntegrityIssue issue)
                    {
                        found.Writer.TryWrite(issue);
                    }
                }).ConfigureAwait(false);
            }
            finally
            {
                found.Writer.Complete();
            }
        }, CancellationToken.None);
        try
        {
            await foreach (IntegrityIssue issue in found.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return issue;
            }
            await all.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The largest first: one that comes last would be worked on alone.
    private IEnumerable<Work> Plan()
    {
        Dictionary<string, long> blobs = database.Read(BlobTable.List).ToDictionary(blob => blob.Digest, blob => blob.Size, StringComparer.Ordinal);
        List<Work> plan = [];
        foreach (LayerRecord layer in layers.List())
        {
            Descriptor? blob = content.FindLayer(layer.DiffId);
            if (blob is not null)
            {
                blobs.Remove(blob.Digest.ToString());
            }
            plan.Add(new Work(layer, blob));
        }
        plan.AddRange(
            blobs.Select(blob => new Work(null, new Descriptor { MediaType = MediaTypes.OciLayer, Digest = Digest.Parse(blob.Key), Size = blob.Value })));
        return plan.OrderByDescending(work => Math.Max(work.Layer?.TarSize ?? 0, work.Blob?.Size ?? 0));
    }

    private async Task<IntegrityIssue?> CheckAsync(Work work, IEngineObserver observer, CancellationToken cancellationToken)
    {
        IntegrityIssue? issue = await LookAsync(work, observer, cancellationToken).ConfigureAwait(false);
        if (issue is null)
        {
            return null;
        }
        // Another process may be removing it or making it anew: its lock, and a second look.
        if (work.Layer is LayerRecord layer)
        {
            using FileLock? held = await TryLockAsync(layer, observer, cancellationToken).ConfigureAwait(false);
            return await LookAgainAsync(transaction => LayerTable.Exists(transaction, layer.Key)).ConfigureAwait(false);
        }
        return await LookAgainAsync(transaction => BlobTable.Exists(transaction, work.Blob!.Digest)).ConfigureAwait(false);

        // What has no record before or after the look was removed meanwhile.
        async Task<IntegrityIssue?> LookAgainAsync(Func<StoreTransaction, bool> isRecorded)
        {
            IntegrityIssue? again = database.Read(isRecorded) ? await LookAsync(work, observer, cancellationToken).ConfigureAwait(false) : null;
            return again is not null && database.Read(isRecorded) ? again : null;
        }
    }

    private async Task<FileLock?> TryLockAsync(LayerRecord layer, IEngineObserver observer, CancellationToken cancellationToken)
    {
        try
        {
            return await layers.LockAsync(layer.DiffId, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is LayerImageException or IOException)
        {
            return null; // a store that cannot be written has nobody at work
        }
    }

    private async Task<IntegrityIssue?> LookAsync(Work work, IEngineObserver observer, CancellationToken cancellationToken)
    {
        bool hasDirectory = work.Layer is LayerRecord layer && StoreEntry.IsDirectory(layers.PathOf(layer.Key));
        if (work.Blob is Descriptor blob)
        {
            return await CheckBlobAsync(blob, hasDirectory ? work.Layer : null, observer, cancellationToken).ConfigureAwait(false);
        }
        return hasDirectory && work.Layer!.Writer is not null ? CheckSealed(work.Layer, observer, cancellationToken) : null;
    }

    private async Task<IntegrityIssue?> CheckBlobAsync(Descriptor blob, LayerRecord? layer, IEngineObserver observer, CancellationToken cancellationToken)
    {
        void Report(long done) => observer.Progress(new TransferProgress(Operation, blob.Digest.Short, "Checking", done, blob.Size));
        try
        {
            if (layer is null)
            {
                await Task.Run(() => content.Verify(blob.Digest, Report, cancellationToken), cancellationToken).ConfigureAwait(false);
                return null;
            }
            IReadOnlyList<LayerDifference> differences = [];
            List<string> below = layer.HasImplied ? layers.Below(layer.Key) : [];
            if (!below.TrueForAll(StoreEntry.IsDirectory))
            {
                below = []; // that is another issue, and told as such
            }
            Task VerifyBlob(Action<long> grown, CancellationToken token) => Task.Run(() => content.Verify(blob.Digest, grown + Report, token), token);
            UnpackResult? Compare(Stream tar, CancellationToken token)
            {
                differences = LayerVerifier.Verify(tar, layers.PathOf(layer.Key), below, MostDifferences, token);
                return null;
            }
            PipelineResult result = await LayerPipeline.ReadAsync(content.PathOf(blob.Digest), VerifyBlob, Compare, cancellationToken).ConfigureAwait(false);
            if (result.DiffId != layer.DiffId)
            {
                return Damaged(layer, $"The blob {blob.Digest} of the layer {layer.DiffId} unpacks to {result.DiffId}");
            }
            return differences.Count > 0 ? Damaged(layer, Tell(layer, differences)) : null;
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerCorrupt)
        {
            return DamagedBlob(blob, "is damaged");
        }
        catch (LayerImageException e) when (layer is not null && e.Error is EngineError.LayerInvalid or EngineError.LayerTooLarge)
        {
            return Damaged(layer, $"The layer {layer.DiffId} cannot be checked: {e.Message.TrimEnd('.')}");
        }
        catch (Exception e) when (layer is not null && (e is LinuxException or IOException))
        {
            return Damaged(layer, $"The layer {layer.DiffId} cannot be read: {e.Message.TrimEnd('.')}");
        }
        catch (IOException e)
        {
            return DamagedBlob(blob, $"cannot be read: {e.Message.TrimEnd('.')}");
        }
        finally
        {
            observer.Progress(new TransferProgress(Operation, blob.Digest.Short, "Done", blob.Size, blob.Size));
        }
    }

    private IntegrityIssue? DamagedBlob(Descriptor blob, string how) => database.Read(transaction =>
        records.OfBlob(transaction, IntegrityIssueKind.BlobDamaged, blob.Digest.ToString(), $"The blob {blob.Digest} {how}"));

    private IntegrityIssue? CheckSealed(LayerRecord layer, IEngineObserver observer, CancellationToken cancellationToken)
    {
        observer.Progress(new TransferProgress(Operation, layer.DiffId.Short, "Checking", 0, layer.TarSize));
        try
        {
            DigestedTree found = TreeTar.Digest(layers.PathOf(layer.Key), layer.HasRoot, cancellationToken);
            return found.DiffId == layer.DiffId
                ? null
                : Damaged(layer, $"The layer {layer.DiffId}, which was made here, was changed: its content now has the digest {found.DiffId}");
        }
        catch (LayerImageException e)
        {
            return Damaged(layer, $"The layer {layer.DiffId} cannot be read: {e.Message.TrimEnd('.')}");
        }
        finally
        {
            observer.Progress(new TransferProgress(Operation, layer.DiffId.Short, "Done", layer.TarSize, layer.TarSize));
        }
    }

    private IntegrityIssue Damaged(LayerRecord layer, string message) =>
        database.Read(transaction => records.OfLayer(transaction, IntegrityIssueKind.LayerDamaged, layer.Key, layer.DiffId.ToString(), message));

    private static string Tell(LayerRecord layer, IReadOnlyList<LayerDifference> differences) =>
        $"The layer {layer.DiffId} was changed on disk: {string.Join(", ", differences.Take(3))}{(differences.Count > 3 ? " and more" : "")}";
}
