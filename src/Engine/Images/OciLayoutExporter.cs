using System.Security.Cryptography;
using System.Text.Json;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;

namespace LayerImage.Engine.Images;

/// <summary>
/// Writes an image as an OCI image layout folder (image-spec, image-layout.md). What was received goes out byte for
/// byte (of a Docker image all but the manifest); what was made here is packed first.
/// </summary>
internal sealed class OciLayoutExporter(LayerPacker packer, ContentStore content)
{
    private sealed class Target(string path)
    {
        public string Path { get; } = path;

        public string Blob(Digest digest) => System.IO.Path.Combine(Path, "blobs", digest.Algorithm, digest.Hex);
    }

    /// <summary>Writes the folder, which must be new or empty.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: it has content; LayerCorrupt: the store is damaged.</exception>
    public async Task ExportAsync(Image image, string path, CancellationToken cancellationToken)
    {
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"'{path}' exists and is not an empty folder.") { Target = path, Advice = "Name a folder that does not exist yet." };
        }
        string parent = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        Directory.CreateDirectory(parent);
        string temporary = Path.Combine(parent, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(Path.Combine(temporary, "blobs", "sha256"));
            image = await packer.PackAsync(image, LayerCompression.Gzip, new LayerProgress(SilentObserver.Instance, ""), cancellationToken).ConfigureAwait(false);
            await WriteAsync(image, new Target(temporary), cancellationToken).ConfigureAwait(false);
            if (Directory.Exists(path))
            {
                Directory.Delete(path);
            }
            Directory.Move(temporary, path);
        }
        catch
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
            throw;
        }
    }

    private async Task WriteAsync(Image image, Target target, CancellationToken cancellationToken)
    {
        Descriptor manifest;
        byte[] bytes = image.Digest is null ? [] : content.Read(Digest.Parse(image.Digest));
        // An OCI layout holds OCI manifests only, and that is all that its readers look for; blobs stay as they are.
        if (bytes.Length > 0 && ManifestParser.ParseManifest(bytes, image.Reference) is { Config.MediaType: MediaTypes.OciConfig } parsed)
        {
            foreach (Descriptor blob in parsed.Layers!.Append(parsed.Config!))
            {
                await CopyBlobAsync(blob.Digest, target, cancellationToken).ConfigureAwait(false);
            }
            manifest = await PutAsync(bytes, MediaTypes.OciManifest, target, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            manifest = await WriteNewManifestAsync(image, target, cancellationToken).ConfigureAwait(false);
        }
        await WriteIndexAsync(image, manifest, target, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Descriptor> WriteNewManifestAsync(Image image, Target target, CancellationToken cancellationToken)
    {
        List<Descriptor> written = [];
        foreach (ImageLayer layer in image.Layers)
        {
            written.Add(await CopyLayerAsync(layer, target, cancellationToken).ConfigureAwait(false));
        }
        byte[] config = content.Read(Digest.Parse(image.Id));
        Manifest manifest = new()
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciManifest,
            Config = await PutAsync(config, MediaTypes.OciConfig, target, cancellationToken).ConfigureAwait(false),
            Layers = written,
        };
        return await PutAsync(JsonSerializer.SerializeToUtf8Bytes(manifest, OciJson.Wire.Manifest), MediaTypes.OciManifest, target, cancellationToken).ConfigureAwait(false);
    }

    private async Task<Descriptor> CopyLayerAsync(ImageLayer layer, Target target, CancellationToken cancellationToken)
    {
        Digest digest = Digest.Parse(layer.Digest!);
        await CopyBlobAsync(digest, target, cancellationToken).ConfigureAwait(false);
        return new Descriptor { MediaType = MediaTypes.OciLayerOf(layer.MediaType!), Digest = digest, Size = layer.DownloadSize };
    }

    private async Task CopyBlobAsync(Digest digest, Target target, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(target.Blob(digest))!);
        using FileStream source = content.Open(digest);
        FileStream copy = new(target.Blob(digest), FileMode.Create, FileAccess.Write);
        await using (copy.ConfigureAwait(false))
        {
            using IncrementalHash hash = digest.CreateHash();
            byte[] buffer = new byte[1 << 20];
            for (int read; (read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await copy.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            if (!digest.Matches(hash.GetCurrentHash()))
            {
                throw new LayerImageException(EngineError.LayerCorrupt, $"The blob {digest} is damaged in the store.") { Target = digest.ToString(), Advice = "Remove the image and receive it again." };
            }
        }
    }

    private static async Task<Descriptor> PutAsync(byte[] bytes, string mediaType, Target target, CancellationToken cancellationToken)
    {
        Digest digest = Digest.Of(bytes);
        await File.WriteAllBytesAsync(target.Blob(digest), bytes, cancellationToken).ConfigureAwait(false);
        return new Descriptor { MediaType = mediaType, Digest = digest, Size = bytes.Length };
    }

    private static async Task WriteIndexAsync(Image image, Descriptor manifest, Target target, CancellationToken cancellationToken)
    {
        IEnumerable<Descriptor> named = image.Tags.Select(tag => manifest with
        {
            Annotations = new Dictionary<string, string>
            {
                ["org.opencontainers.image.ref.name"] = ImageReference.Parse(tag).Tag ?? "latest",
                ["io.containerd.image.name"] = ImageReference.Parse(tag).Canonical,
            },
        });
        ImageIndex index = new() { SchemaVersion = 2, MediaType = MediaTypes.OciIndex, Manifests = [.. named.DefaultIfEmpty(manifest)] };
        await File.WriteAllBytesAsync(Path.Combine(target.Path, "index.json"), JsonSerializer.SerializeToUtf8Bytes(index, OciJson.Wire.ImageIndex), cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(Path.Combine(target.Path, "oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}", cancellationToken).ConfigureAwait(false);
    }
}
