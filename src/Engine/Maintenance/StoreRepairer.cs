using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>
/// Mends one issue at a time and touches nothing else: a blob is received again from a registry that has the image, a
/// layer is unpacked again from its blob, beside the damaged one, and takes its place in one step.
/// </summary>
internal sealed class StoreRepairer(
    StoreLayout layout,
    StoreDatabase database,
    LayerStore layers,
    ContentStore content,
    RegistryConnector registries,
    StoreGarbage garbage,
    TimeProvider clock)
{
    /// <summary>Mends; what was done, in words.</summary>
    /// <exception cref="LayerImageException">Why it could not be.</exception>
    public async Task<string> RepairAsync(IntegrityIssue issue, IEngineObserver observer, CancellationToken cancellationToken) => issue.Kind switch
    {
        IntegrityIssueKind.BlobMissing or IntegrityIssueKind.BlobDamaged or IntegrityIssueKind.BlobNotRecorded =>
            await RepairBlobAsync(Digest.Parse(issue.Digest!), observer, cancellationToken).ConfigureAwait(false),
        IntegrityIssueKind.LayerMissing or IntegrityIssueKind.LayerDamaged or IntegrityIssueKind.LayerNotRecorded =>
            await RepairLayerAsync(issue.LayerKey!, Digest.Parse(issue.Digest!), observer, cancellationToken).ConfigureAwait(false),
        IntegrityIssueKind.Leftover => RemoveLeftover(issue),
        IntegrityIssueKind.RecordsDamaged => await Task.Run(RewriteRecords, cancellationToken).ConfigureAwait(false),
        _ => throw Lost(issue.Message, issue.Path),
    };

    private string RemoveLeftover(IntegrityIssue issue) =>
        garbage.Find().FirstOrDefault(item => item.Path == issue.Path) is StoreItem item && garbage.Remove(item)
            ? $"{issue.Path} was removed."
            : $"{issue.Path} is gone already, or is somebody's by now.";

    private string RewriteRecords()
    {
        database.Rewrite();
        return "The records were written anew.";
    }

    private async Task<string> RepairBlobAsync(Digest digest, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using ScratchFolder claim = ScratchFolder.Claim(layout, [digest]);
        Digest? diffId = database.Read(transaction => LayerBlobTable.LayerOf(transaction, digest));
        using FileLock? held = diffId is Digest layer ? await layers.LockAsync(layer, observer, cancellationToken).ConfigureAwait(false) : null;
        return await MendBlobAsync(digest, observer, cancellationToken).ConfigureAwait(false);
    }

    // The caller holds the lock of the blob's layer.
    private async Task<string> MendBlobAsync(Digest digest, IEngineObserver observer, CancellationToken cancellationToken)
    {
        if (IsWhole(digest, cancellationToken))
        {
            database.Write(transaction => BlobTable.Correct(transaction, digest, new FileInfo(layout.Blob(digest)).Length));
            return $"The blob {digest} is whole and recorded.";
        }
        Dependents users = database.Read(transaction => Dependents.OfBlob(transaction, digest.ToString()));
        LayerImageException? failure = null;
        foreach (ImageReference origin in users.Origins)
        {
            try
            {
                await FetchAsync(origin, digest, observer, cancellationToken).ConfigureAwait(false);
                return $"The blob {digest} was received again from {origin.Name}.";
            }
            catch (LayerImageException e) when (e.Error is not (EngineError.DiskFull or EngineError.NotPrivileged))
            {
                failure = e;
            }
        }
        throw failure ?? Lost($"No registry is known that has the blob {digest}{Withdraw(digest)}", digest.ToString());
    }

    // A damaged file that nobody can send again: with it gone, an import of the same image brings the blob.
    private string Withdraw(Digest digest)
    {
        string path = layout.Blob(digest);
        if (!StoreEntry.Exists(path))
        {
            return "";
        }
        StoreEntry.Remove(path);
        return "; its damaged file was taken away, so that an import of the image brings it again";
    }

    private bool IsWhole(Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            content.Verify(digest, _ => { }, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is LayerImageException { Error: EngineError.LayerCorrupt } or IOException)
        {
            return false;
        }
    }

    private async Task FetchAsync(ImageReference origin, Digest digest, IEngineObserver observer, CancellationToken cancellationToken)
    {
        RetryPolicy retry = new(RetryPolicy.DefaultCount, clock);
        using RegistryClient client = registries.Open(origin, null, retry, useMirrors: true);
        (bool isManifest, long? size) = database.Read(transaction => (
            ImageTable.HasManifest(transaction, digest) || RepoDigestTable.HasDigest(transaction, digest), ImageLayerTable.SizeOfBlob(transaction, digest)));
        if (isManifest)
        {
            ReceivedDocument document = await client.GetManifestAsync(digest.ToString(), cancellationToken).ConfigureAwait(false);
            database.Write(transaction =>
            {
                StoreEntry.MakeWayForFile(layout.Blob(digest));
                AtomicFile.Write(layout.Blob(digest), document.Bytes);
                BlobTable.Correct(transaction, digest, document.Bytes.Length);
            });
            return;
        }
        long known = size ?? throw Lost($"The size of the blob {digest} is not known any more", digest.ToString());
        Descriptor blob = new() { MediaType = MediaTypes.OciLayerGzip, Digest = digest, Size = known };
        await new RegistryBlobSource(client, retry).CopyAsync(blob, layout.Partial(digest),
            done => observer.Progress(new TransferProgress("Repair-LayerStore", digest.Short, "Receiving", done, known)),
            cancellationToken).ConfigureAwait(false);
        content.AdoptReceived(layout.Partial(digest), digest, known);
        database.Write(transaction => BlobTable.Correct(transaction, digest, known));
        observer.Progress(new TransferProgress("Repair-LayerStore", digest.Short, "Done", known, known));
    }

    private async Task<string> RepairLayerAsync(string key, Digest diffId, IEngineObserver observer, CancellationToken cancellationToken)
    {
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        scratch.Claim([diffId]);
        using FileLock held = await layers.LockAsync(diffId, observer, cancellationToken).ConfigureAwait(false);
        ThrowIfUsed(key, database.Read(transaction => Dependents.OfLayer(transaction, key)));
        (Digest blob, string how) = await FindBlobAsync(diffId, observer, cancellationToken).ConfigureAwait(false);
        string unpacked = Path.Combine(scratch.Path, "layer");
        Directory.CreateDirectory(unpacked);
        PipelineResult result = await LayerPipeline.RunAsync(layout.Blob(blob), unpacked, cancellationToken).ConfigureAwait(false);
        if (result.DiffId != diffId)
        {
            throw Lost($"The blob {blob} unpacks to {result.DiffId} instead of {diffId}", diffId.ToString());
        }
        UnpackResult found = result.Unpacked!;
        if (found.ImpliedDirectories.Count > 0)
        {
            ImpliedDirectories.Adopt(unpacked, found.ImpliedDirectories, layers.Below(key));
        }
        LayerStore.Sync(unpacked, found.Entries + found.ImpliedDirectories.Count);
        layers.Adopt(unpacked, new LayerRecord
        {
            Key = key,
            DiffId = diffId,
            ContentBytes = found.ContentBytes,
            TarSize = result.TarSize,
            Entries = found.Entries,
            HasRoot = found.HasRoot,
            HasImplied = found.ImpliedDirectories.Count > 0,
            Writer = database.Read(transaction => LayerTable.Find(transaction, key))?.Writer,
        }, check: transaction => ThrowIfUsed(key, Dependents.OfLayer(transaction, key)));
        return $"{how}The layer {diffId} was unpacked again.";
    }

    // A container that runs and a mounted union stand on the directory itself.
    private static void ThrowIfUsed(string key, Dependents users)
    {
        if (users.Standing.Length > 0)
        {
            throw new LayerImageException(
                users.AreRunning ? EngineError.ContainerRunning : EngineError.MountInUse,
                $"The layer {key} is used by {users.Standing}, and cannot be replaced under that.")
            { Target = key, Advice = "Stop the container or dismount the union (Dismount-LayerImage), then repair again." };
        }
    }

    private async Task<(Digest Blob, string How)> FindBlobAsync(Digest diffId, IEngineObserver observer, CancellationToken cancellationToken)
    {
        List<Digest> blobs = database.Read(transaction => LayerBlobTable.KnownBlobsOf(transaction, diffId));
        foreach (Digest blob in blobs)
        {
            if (StoreEntry.FileLength(layout.Blob(blob)) is not null && IsWhole(blob, cancellationToken))
            {
                return (blob, "");
            }
        }
        LayerImageException? failure = null;
        foreach (Digest blob in blobs)
        {
            try
            {
                return (blob, await MendBlobAsync(blob, observer, cancellationToken).ConfigureAwait(false) + " ");
            }
            catch (LayerImageException e) when (e.Error is not (EngineError.DiskFull or EngineError.NotPrivileged))
            {
                failure = e;
            }
        }
        throw failure ?? Lost($"The layer {diffId} was made here and there is no other copy of it", diffId.ToString());
    }

    private static LayerImageException Lost(string what, string target) => new(EngineError.LayerCorrupt, what.TrimEnd('.') + ".")
    { Target = target, Advice = "Receive or import the image again, or remove what is lost with Repair-LayerStore -RemoveLost." };
}
