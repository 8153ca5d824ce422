using System.Text.Json;
using LayerImage.Engine.Content;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Plans an OCI image layout (image-spec, image-layout.md). What was received goes out byte for byte; of a Docker image
/// all but the manifest, since the readers of layouts look for OCI's only.
/// </summary>
internal sealed class OciArchivePlanner(ContentStore content, LayerProgress progress)
{
    private readonly ArchivePlan _plan = new();

    /// <summary>Plans the files of packed images.</summary>
    public ArchivePlan Plan(IReadOnlyList<ImageToExport> images, IReadOnlyList<Image> excluding)
    {
        HashSet<string> left = [.. excluding.SelectMany(image => image.Layers).Select(layer => layer.DiffId)];
        List<Descriptor> manifests = [];
        foreach (ImageToExport image in images)
        {
            Descriptor manifest = AddImage(image.Image, left);
            manifests.AddRange(image.Tags.Select(tag => Named(manifest, ImageReference.Parse(tag))).DefaultIfEmpty(manifest));
        }
        ImageIndex index = new()
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciIndex,
            Manifests = manifests,
            Annotations = excluding.Count == 0
                ? null
                : new Dictionary<string, string> { [OciArchiveReader.ExcludingAnnotation] = string.Join(' ', excluding.Select(image => image.Reference)) },
        };
        _plan.Add(ArchiveNames.OciIndex, JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Wire.ImageIndex));
        _plan.Add(ArchiveNames.OciLayout, "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray());
        return _plan;
    }

    private Descriptor AddImage(Image image, HashSet<string> left)
    {
        byte[] bytes = content.Read(Digest.Parse(image.Digest!));
        Manifest manifest = ManifestParser.ParseManifest(bytes, image.Reference);
        byte[] configuration = content.Read(Digest.Parse(image.Id));
        if (manifest.Config!.MediaType != MediaTypes.OciConfig
            || !manifest.Layers.Where((_, i) => !left.Contains(image.Layers[i].DiffId)).All(blob => content.Has(blob.Digest)))
        {
            manifest = MakeManifest(image, configuration);
            bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Wire.Manifest);
        }
        for (int i = 0; i < manifest.Layers.Count; i++)
        {
            if (!left.Contains(image.Layers[i].DiffId))
            {
                AddLayer(manifest.Layers[i]);
            }
        }
        _plan.Add(ArchiveNames.Blob(manifest.Config!.Digest), configuration);
        Descriptor described = new() { MediaType = MediaTypes.OciManifest, Digest = Digest.Of(bytes), Size = bytes.Length };
        _plan.Add(ArchiveNames.Blob(described.Digest), bytes);
        return described;
    }

    private Manifest MakeManifest(Image image, byte[] configuration) => new()
    {
        SchemaVersion = 2,
        MediaType = MediaTypes.OciManifest,
        Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = Digest.Parse(image.Id), Size = configuration.Length },
        Layers = [.. image.Layers.Select(layer => OciLayerBlob.Describe(layer, content))],
    };

    private void AddLayer(Descriptor blob) => _plan.Add(ArchiveNames.Blob(blob.Digest), blob.Size, async (target, token) =>
    {
        using FileStream source = content.Open(blob.Digest);
        if (source.Length != blob.Size)
        {
            throw ContentStore.Corrupt(blob.Digest, null);
        }
        await VerifiedCopy.CopyAsync(source, blob.Digest, target, done => progress.Report(blob, "Writing", done), token).ConfigureAwait(false);
    });

    private static Descriptor Named(Descriptor manifest, ImageReference name) => manifest with
    {
        Annotations = new Dictionary<string, string>
        {
            [OciArchiveReader.NameAnnotation] = name.Tag ?? "latest",
            [OciArchiveReader.FullNameAnnotation] = name.Canonical,
        },
    };

}
