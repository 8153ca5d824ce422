using System.Text.Json;
using LayerImage.Engine.Content;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Plans a docker archive (moby, image/tarexport/save.go): manifest.json, for old readers "repositories", each
/// configuration under its id and each layer as a plain tar, whatever its packing here.
/// </summary>
internal sealed class DockerArchivePlanner(LayerStore layers, ContentStore content, LayerProgress progress)
{
    private readonly ArchivePlan _plan = new();

    /// <summary>Plans the files of an archive in docker's form.</summary>
    public ArchivePlan Plan(IReadOnlyList<ImageToExport> images, IReadOnlyList<Image> excluding)
    {
        HashSet<string> left = [.. excluding.SelectMany(image => image.Layers).Select(layer => layer.DiffId)];
        string[]? leftNames = excluding.Count == 0 ? null : [.. excluding.Select(image => image.Reference)];
        List<DockerArchiveEntry> entries = [];
        SortedDictionary<string, SortedDictionary<string, string>> repositories = new(StringComparer.Ordinal);
        foreach ((Image image, IReadOnlyList<string> tags) in images)
        {
            string configuration = Digest.Parse(image.Id).Hex + ".json";
            _plan.Add(configuration, content.Read(Digest.Parse(image.Id)));
            foreach (ImageLayer layer in image.Layers.Where(layer => !left.Contains(layer.DiffId)))
            {
                _plan.Add(NameOf(layer), null, (target, token) => WriteAsync(layer, target, token));
            }
            entries.Add(new DockerArchiveEntry
            {
                Config = configuration,
                RepoTags = tags.Count == 0 ? null : tags,
                Layers = [.. image.Layers.Select(NameOf)],
                Excluding = leftNames,
            });
            AddNames(repositories, image, tags);
        }
        _plan.Add(ArchiveNames.DockerManifest, JsonSerializer.SerializeToUtf8Bytes([.. entries], ArchiveJsonContext.Default.DockerArchiveEntryArray));
        if (repositories.Count > 0)
        {
            _plan.Add(
                "repositories",
                JsonSerializer.SerializeToUtf8Bytes(repositories, ArchiveJsonContext.Default.SortedDictionaryStringSortedDictionaryStringString));
        }
        return _plan;
    }

    private static void AddNames(SortedDictionary<string, SortedDictionary<string, string>> repositories, Image image, IReadOnlyList<string> tags)
    {
        foreach (string tag in image.Layers.Count == 0 ? [] : tags)
        {
            ImageReference name = ImageReference.Parse(tag).WithDefaultTag();
            string repository = name.Familiar[..^(name.Tag!.Length + 1)];
            if (!repositories.TryGetValue(repository, out SortedDictionary<string, string>? named))
            {
                repositories[repository] = named = new(StringComparer.Ordinal);
            }
            named[name.Tag] = Digest.Parse(image.Layers[^1].DiffId).Hex;
        }
    }

    private static string NameOf(ImageLayer layer) => $"{Digest.Parse(layer.DiffId).Hex}/layer.tar";

    private async Task WriteAsync(ImageLayer layer, Stream target, CancellationToken cancellationToken)
    {
        Digest diffId = Digest.Parse(layer.DiffId);
        if (layer.Digest is null)
        {
            await Task.Run(() => WriteMadeHere(layer, diffId, target, cancellationToken), cancellationToken).ConfigureAwait(false);
            return;
        }
        Descriptor blob = new() { MediaType = layer.MediaType!, Digest = Digest.Parse(layer.Digest), Size = layer.DownloadSize };
        using FileStream source = content.Open(blob.Digest);
        try
        {
            using Stream tar = Decompression.Open(new BufferedStream(source, 128 << 10), out _);
            await VerifiedCopy.CopyAsync(tar, diffId, target, _ => progress.Report(blob, "Writing", source.Position), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw ContentStore.Corrupt(blob.Digest, e);
        }
    }

    private void WriteMadeHere(ImageLayer layer, Digest diffId, Stream target, CancellationToken cancellationToken)
    {
        LayerRecord record = layers.Get([Path.GetFileName(layer.Path ?? "")])[0];
        BufferedStream buffered = new(target, 1 << 20); // not disposed: the target goes on
        DigestedTree written = TreeTar.Write(layers.PathOf(record.Key), record.HasRoot, buffered, cancellationToken);
        buffered.Flush();
        written.Require(diffId);
    }
}
