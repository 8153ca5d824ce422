using System.Buffers.Binary;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Says what receiving an image would do.</summary>
internal sealed class PullPlanner(RegistryConnector registries, StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content)
{
    private const int TrailerSize = 4; // ISIZE, RFC 1952, 2.3.1

    private sealed record Here(bool Unpacked, bool Blob, long Content, IReadOnlyList<string> SharedWith);

    /// <summary>Asks the registry for the image's documents and compares them with the store. Nothing changes.</summary>
    public async Task<PullPlan> PlanAsync(ImageReference asked, ReceiveOptions options, CancellationToken cancellationToken)
    {
        ImageReference reference = asked.WithDefaultTag();
        using RegistryClient client = registries.Open(reference, options.Credential, useMirrors: true);
        ResolvedImage image = await ResolvedImage.AskAsync(client, reference, options.Platform, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<Digest> diffIds = image.Config.Rootfs.DiffIds, chain = ChainId.Of(diffIds);
        string?[] createdBy = [.. (image.Config.History ?? []).Where(entry => entry.EmptyLayer != true).Select(entry => entry.CreatedBy)];
        PullPlanLayer[] planned = await Task.WhenAll(
            image.Layers.Select((blob, i) =>
                PlanAsync(client, blob, i, diffIds[i], chain[i], createdBy.ElementAtOrDefault(i), cancellationToken))).ConfigureAwait(false);
        return new PullPlan
        {
            Reference = reference.Familiar,
            Digest = image.Manifest.Digest.ToString(),
            ImageId = image.Configuration.Digest.ToString(),
            Platform = ResolvedImage.PlatformOf(image.Config).ToString(),
            IsUpToDate = planned.All(layer => layer.Present) && IsNamed(reference, image.Configuration.Digest),
            Layers = planned,
        };
    }

    private async Task<PullPlanLayer> PlanAsync(
        RegistryClient client,
        Descriptor blob,
        int position,
        Digest diffId,
        Digest chainId,
        string? createdBy,
        CancellationToken cancellationToken)
    {
        Here here = Look(blob, diffId, chainId);
        bool isPresent = here.Blob && (here.Unpacked || !LayerMaker.CanUnpack);
        FileInfo partial = new(layout.Partial(blob.Digest));
        long received = partial.Exists ? Math.Min(partial.Length, blob.Size) : 0;
        long? unpacked = here.Unpacked ? here.Content : 0;
        if (!here.Unpacked && LayerMaker.CanUnpack)
        {
            unpacked = await UnpackedSizeAsync(client, blob, cancellationToken).ConfigureAwait(false);
        }
        return new PullPlanLayer
        {
            Position = position,
            Digest = blob.Digest.ToString(),
            DiffId = diffId.ToString(),
            MediaType = blob.MediaType,
            DownloadSize = blob.Size,
            Present = isPresent,
            SharedWith = here.SharedWith,
            BytesToReceive = here.Blob ? 0 : blob.Size - received,
            BytesOnDisk = blob.Size + unpacked,
            CreatedBy = createdBy,
        };
    }

    private Here Look(Descriptor blob, Digest diffId, Digest chainId)
    {
        LayerRecord? record = layers.Find(diffId, chainId);
        List<string> users = database.Read(transaction => ImageLayerTable.ImagesWith(transaction, diffId)
            .ConvertAll(id => TagTable.FirstOf(transaction, id) is string name ? ImageReference.Parse(name).Familiar : id[7..19]));
        return new Here(record is not null, content.Has(blob.Digest), record?.ContentBytes ?? 0, users);
    }

    private bool IsNamed(ImageReference reference, Digest id) => database.Read(transaction => reference.Digest is null
        ? TagTable.OwnerOf(transaction, reference.Canonical)
        : RepoDigestTable.OwnerOf(transaction, $"{reference.Name}@{reference.Digest}")) == id.ToString();

    // The blob's last four bytes. A registry that does not give ranges, or fails, leaves the question open: this is a hint.
    private async Task<long?> UnpackedSizeAsync(RegistryClient client, Descriptor blob, CancellationToken cancellationToken)
    {
        if (blob.Size < TrailerSize || blob.MediaType is not (MediaTypes.OciLayerGzip or MediaTypes.DockerLayerGzip))
        {
            return blob.MediaType is MediaTypes.OciLayer or MediaTypes.DockerLayer ? blob.Size : null;
        }
        try
        {
            byte[]? trailer = content.Has(blob.Digest)
                ? ReadTrailer(blob)
                : await client.GetRangeAsync(blob.Digest, blob.Size - TrailerSize, TrailerSize, cancellationToken).ConfigureAwait(false);
            return trailer is null ? null : BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        }
        catch (LayerImageException)
        {
            return null;
        }
    }

    private byte[] ReadTrailer(Descriptor blob)
    {
        using FileStream file = content.Open(blob.Digest);
        file.Seek(-TrailerSize, SeekOrigin.End);
        byte[] trailer = new byte[TrailerSize];
        file.ReadExactly(trailer);
        return trailer;
    }
}
