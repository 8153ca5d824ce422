using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>
/// Sends images: layers side by side, configuration, and last the manifest, so that a registry never shows an image that
/// is not whole. What was received goes out byte for byte. An image that was chosen from an index goes as what is here:
/// the manifest of its platform, without the index, whose other images are not here.
/// </summary>
internal sealed class ImageSender(
    StoreLayout layout,
    StoreDatabase database,
    ContentStore content,
    RegistryConnector registries,
    LayerPacker packer,
    TimeProvider clock)
{
    /// <summary>Sends an image under each of several names; blobs go once into each repository. Idempotent.</summary>
    /// <param name="image">The image.</param>
    /// <param name="destinations">Where to, each with its tag.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Ends the work; what was sent is gone on with the next time.</param>
    public async IAsyncEnumerable<SentImage> SendAsync(
        Image image,
        IReadOnlyList<ImageReference> destinations,
        SendOptions options,
        IEngineObserver observer,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        UploadRecord.Sweep(layout, clock.GetUtcNow());
        Image packed = await packer.PackAsync(
            image, options.Compression, new LayerProgress(observer, $"Send {image.Reference}"), cancellationToken).ConfigureAwait(false);
        ReceivedDocument manifest = ReadManifest(packed, out Manifest parsed);
        foreach (ImageReference destination in destinations.Where(destination => destination.Digest is Digest digest && digest != manifest.Digest))
        {
            throw new LayerImageException(EngineError.ReferenceInvalid, $"{destination.Familiar} names another digest than the image has, {manifest.Digest}.")
            {
                Target = destination.Familiar,
                Advice = "Give repository:tag.",
            };
        }
        foreach (IGrouping<string, ImageReference> repository in destinations.DistinctBy(destination => destination.Canonical)
            .GroupBy(destination => destination.Name))
        {
            using RegistryClient client = registries.Open(repository.First(), options.Credential, new RetryPolicy(options.RetryCount, clock));
            ConcurrentDictionary<Digest, SentLayer> sent =
                await SendBlobsAsync(client, repository.First(), parsed, options, observer, cancellationToken).ConfigureAwait(false);
            foreach (ImageReference destination in repository)
            {
                await client.PutManifestAsync(destination.Tag ?? manifest.Digest.ToString(), manifest, cancellationToken).ConfigureAwait(false);
                database.Write(transaction => RepoDigestTable.Record(transaction, destination.WithDigest(manifest.Digest).Canonical, packed.Id));
                yield return Describe(destination, manifest, parsed, sent);
                sent = AsFound(sent); // the next tag costs nothing
            }
        }
    }

    private ReceivedDocument ReadManifest(Image image, out Manifest parsed)
    {
        Digest digest = Digest.Parse(image.Digest!);
        byte[] bytes = content.Read(digest);
        parsed = ManifestParser.ParseManifest(bytes, image.Reference);
        // An old OCI manifest may leave its type out; its configuration tells.
        string untold = parsed.Config!.MediaType == MediaTypes.DockerConfig ? MediaTypes.DockerManifest : MediaTypes.OciManifest;
        return new ReceivedDocument(string.IsNullOrEmpty(parsed.MediaType) ? untold : parsed.MediaType, digest, bytes);
    }

    private async Task<ConcurrentDictionary<Digest, SentLayer>> SendBlobsAsync(
        RegistryClient client,
        ImageReference repository,
        Manifest manifest,
        SendOptions options,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        ConcurrentDictionary<Digest, SentLayer> sent = new();
        LayerProgress progress = new(observer, $"Send {repository.Familiar}");
        RetryPolicy retry = new(options.RetryCount, clock);
        // The largest first: the last one to end should be a small one. A layer that is not here stays where its URLs say.
        IEnumerable<Descriptor> blobs = manifest.Layers.Where(layer => layer.Urls is not { Count: > 0 } || content.Has(layer.Digest))
            .DistinctBy(layer => layer.Digest).OrderByDescending(layer => layer.Size).Append(manifest.Config!);
        await Parallel.ForEachAsync(
            blobs,
            new ParallelOptions { MaxDegreeOfParallelism = options.ThrottleLimit, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                using UploadRecord record = UploadRecord.Open(layout, blob.Digest, client.Base);
                BlobUpload upload = new(client, blob, content, record, retry, done => progress.Report(blob, "Sending", done));
                SentLayer layer = await upload.RunAsync(FindOtherRepository(blob.Digest, repository), token).ConfigureAwait(false);
                progress.Report(
                    blob,
                    layer.Outcome switch { SentOutcome.Mounted => "Mounted", SentOutcome.AlreadyThere => "Already there", _ => "Done" },
                    blob.Size);
                sent[blob.Digest] = layer;
            }).ConfigureAwait(false);
        return sent;
    }

    // Another repository of the same registry that is known to have a blob: an image with it was received from or sent to it.
    private string? FindOtherRepository(Digest blob, ImageReference destination) =>
        database.Read(transaction => RepoDigestTable.NamesOfImagesWith(transaction, blob))
            .Select(name => ImageReference.TryParse(name, out ImageReference? reference) ? reference : null)
            .FirstOrDefault(reference => reference?.Registry == destination.Registry && reference.Repository != destination.Repository)?.Repository;

    private static SentImage Describe(ImageReference destination, ReceivedDocument manifest, Manifest parsed, ConcurrentDictionary<Digest, SentLayer> sent) =>
        new()
        {
            Reference = destination.Familiar,
            Digest = manifest.Digest.ToString(),
            MediaType = manifest.MediaType,
            Layers = [.. parsed.Layers.Select(layer =>
                sent.GetValueOrDefault(layer.Digest) ?? new SentLayer(layer.Digest.ToString(), layer.Size, SentOutcome.AlreadyThere, 0))],
            BytesSent = sent.Values.Sum(layer => layer.BytesSent),
        };

    private static ConcurrentDictionary<Digest, SentLayer> AsFound(ConcurrentDictionary<Digest, SentLayer> sent) =>
        new(sent.Select(entry => KeyValuePair.Create(entry.Key, entry.Value with { Outcome = SentOutcome.AlreadyThere, BytesSent = 0 })));
}
