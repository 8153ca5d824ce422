using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Takes tags and images away, with the layers and blobs that nothing else has. Records go first, files after.</summary>
internal sealed class ImageRemover(StoreDatabase database, LayerStore layers, ContentStore content)
{
    private sealed record Plan(List<string> Untagged, bool Deletes);

    /// <summary>
    /// Removes what a text names. By a tag: that tag, and with the last one the image. By an id: the image, which needs
    /// <paramref name="force"/> when it has several tags or a stopped container.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="tag">The tag that was named, canonical; null when the image was named otherwise.</param>
    /// <param name="force">Remove in spite of several tags or stopped containers.</param>
    /// <param name="pretend">Change nothing and say what would be done.</param>
    public ImageRemoval Remove(Image image, string? tag, bool force, bool pretend)
    {
        List<(string Key, Digest DiffId)> directories = [];
        List<Digest> blobs = [];
        ImageRemoval removal = database.Write(transaction =>
        {
            Plan plan = MakePlan(transaction, image, tag, force);
            long freed = 0;
            List<string> goneLayers = [];
            foreach (string name in plan.Untagged)
            {
                transaction.Execute("DELETE FROM tag WHERE name = ?1", name);
            }
            if (plan.Deletes)
            {
                (directories, blobs, freed) = Delete(transaction, image);
                goneLayers = directories.ConvertAll(layer => layer.DiffId.ToString());
            }
            ImageRemoval result = new()
            {
                ImageId = image.Id,
                Untagged = plan.Untagged.ConvertAll(name => ImageReference.Parse(name).Familiar),
                Deleted = plan.Deletes,
                DeletedLayers = goneLayers,
                BytesFreed = freed,
            };
            return result;
        }, commit: !pretend);
        if (pretend)
        {
            return removal;
        }
        layers.DeleteDirectories(directories);
        content.DeleteFiles(blobs);
        return removal;
    }

    private static Plan MakePlan(StoreTransaction transaction, Image image, string? tag, bool force)
    {
        List<string> tags = transaction.Query("SELECT name FROM tag WHERE image = ?1 ORDER BY name", row => row.GetString(0), image.Id);
        bool byTag = tag is not null && tags.Contains(tag); // an id reads as a reference, too
        if (byTag && tags.Count > 1)
        {
            return new Plan([tag!], Deletes: false);
        }
        if (!byTag && tags.Count > 1 && !force)
        {
            throw InUse(image, $"has {tags.Count} tags ({string.Join(", ", tags.Select(name => ImageReference.Parse(name).Familiar))})", "Remove it by a tag, or with -Force.");
        }
        List<(string Name, string State)> users = transaction.Query("SELECT name, state FROM container WHERE image = ?1", row => (row.GetString(0), row.GetString(1)), image.Id);
        if (users.Find(user => user.State != "Created" && user.State != "Exited") is { Name: not null } running)
        {
            throw InUse(image, $"is used by the running container {running.Name}", "Stop and remove the container first.");
        }
        return users.Count > 0 && !force
            ? throw InUse(image, $"is used by the container {users[0].Name}", "Remove the container first, or use -Force: the container keeps its layers.")
            : new Plan(tags, Deletes: true);
    }

    private static LayerImageException InUse(Image image, string why, string advice) =>
        new(EngineError.ImageInUse, $"The image {image.Reference} {why}.") { Target = image.Reference, Advice = advice };

    private static (List<(string, Digest)> Directories, List<Digest> Blobs, long Freed) Delete(StoreTransaction transaction, Image image)
    {
        transaction.Execute("DELETE FROM image WHERE id = ?1", image.Id);
        List<(string Key, Digest DiffId, long Bytes)> own = transaction.Query("SELECT key, diff_id, content FROM layer WHERE diff_id IN (SELECT value FROM json_each(?1))",
            row => (row.GetString(0), Digest.Parse(row.GetString(1)), row.GetInt64(2)), System.Text.Json.JsonSerializer.Serialize(image.Layers.Select(layer => layer.DiffId).ToArray(), StoreJsonContext.Default.StringArray));
        HashSet<string> gone = [.. LayerStore.DeleteUnusedRecords(transaction, own.Select(layer => layer.Key))];
        long freed = own.Where(layer => gone.Contains(layer.Key)).Sum(layer => layer.Bytes);

        // A layer that was received in two packings (gzip, zstd) has two blobs.
        IEnumerable<string?> candidates = image.Layers.SelectMany(layer => ContentStore.BlobsOf(transaction, layer.DiffId)).Append(image.Digest).Append(image.Id)
            .Concat(image.RepoDigests.Select(name => name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..]));
        List<(Digest Digest, long Size)> blobs = ContentStore.DeleteUnusedRecords(transaction, candidates.OfType<string>());
        freed += blobs.Sum(blob => blob.Size);
        return (own.Where(layer => gone.Contains(layer.Key)).Select(layer => (layer.Key, layer.DiffId)).ToList(), blobs.ConvertAll(blob => blob.Digest), freed);
    }
}
