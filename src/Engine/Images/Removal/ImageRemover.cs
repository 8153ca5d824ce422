using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Takes tags and images away, with the layers and blobs that nothing else has. Records go first, files after.</summary>
internal sealed class ImageRemover(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, Mounting.UnionMountRecords mounts)
{
    private readonly StoreReserve _reserve = new(layout);

    private sealed record Decision(List<string> Untagged, bool Deletes);

    private sealed record Removed(List<(string Key, Digest DiffId)> Directories, List<Digest> Blobs, long Freed, ImageRemoval Result, List<Digest> DiffIds);

    /// <summary>
    /// Removes what a text names. By a tag: that tag, and with the last one the image. By an id: the image, which needs
    /// <paramref name="force"/> when it has several tags or a stopped container.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="tag">The tag that was named, canonical; null when the image was named otherwise.</param>
    /// <param name="force">Remove in spite of several tags or stopped containers.</param>
    public ImageRemoval Remove(Image image, string? tag, bool force)
    {
        mounts.Reconcile();
        ScratchFolder? claim = null;
        try
        {
            Removed removed = _reserve.Use(() => database.Write(transaction =>
            {
                claim?.Dispose(); // of a first attempt that the disk had no room for
                Removed records = Remove(transaction, image, tag, force);
                // Until they are gone, what has no record any more is not garbage of a dead process.
                claim = records.Result.Deleted
                    ? ScratchFolder.Claim(layout, [.. records.Directories.Select(layer => layer.Key), .. records.Blobs.Select(blob => blob.ToString())])
                    : null;
                return records;
            }));
            FaultPoint.Reach(FaultPoint.RecordsRemoved);
            _reserve.Use(() => layers.DeleteDirectories(removed.Directories));
            _reserve.Use(() => content.DeleteFiles(removed.Blobs));
            if (removed.Result.Deleted)
            {
                StoreLeftovers.RemoveIndexes(layout, database, removed.DiffIds);
            }
            return removed.Result;
        }
        finally
        {
            claim?.Dispose();
        }
    }

    /// <summary>Takes one tag away, never the image: one whose last tag goes stays without a name.</summary>
    public void Untag(Image image, string tag)
    {
        bool had = _reserve.Use(() => database.Write(transaction => TagTable.Delete(transaction, tag, image.Id)));
        if (!had)
        {
            throw NotTagged(image, tag);
        }
    }

    /// <summary>An image does not have a tag.</summary>
    public static LayerImageException NotTagged(Image image, string tag)
    {
        string name = ImageReference.Parse(tag).WithDefaultTag().Familiar;
        return new LayerImageException(EngineError.ImageNotFound, $"The image {image.Reference} does not have the tag {name}.")
        {
            Target = name,
            Advice = "Get-LayerImage shows the tags of each image.",
        };
    }

    /// <summary>
    /// What removing these, one after the other, would do: each entry counts what goes after those before it, so that
    /// layers which several of them share are counted once. Changes nothing.
    /// </summary>
    public IReadOnlyList<PlannedRemoval> Plan(IReadOnlyList<(Image Image, string? Tag)> items, bool force) => _reserve.Use(() => database.Write(transaction =>
    {
        Mounting.UnionMountRecords.Forget(transaction);
        return items.Select(item => Plan(transaction, item, force)).ToList();
    }, commit: false));

    private static PlannedRemoval Plan(StoreTransaction transaction, (Image Image, string? Tag) item, bool force)
    {
        try
        {
            return new PlannedRemoval { Image = item.Image, Removal = Remove(transaction, item.Image, item.Tag, force).Result };
        }
        catch (LayerImageException e)
        {
            return new PlannedRemoval { Image = item.Image, Failure = e };
        }
    }

    private static Removed Remove(StoreTransaction transaction, Image image, string? tag, bool force)
    {
        if (!ImageTable.Exists(transaction, image.Id))
        {
            throw ImageCatalog.NotFound(image.Reference);
        }
        Decision plan = Decide(transaction, image, tag, force);
        foreach (string name in plan.Untagged)
        {
            TagTable.Delete(transaction, name, image.Id);
        }
        Removed removed = plan.Deletes ? Delete(transaction, image.Id) : new Removed([], [], 0, null!, []);
        return removed with
        {
            Result = new ImageRemoval
            {
                ImageId = image.Id,
                Untagged = plan.Untagged.ConvertAll(name => ImageReference.Parse(name).Familiar),
                Deleted = plan.Deletes,
                DeletedLayers = removed.Directories.ConvertAll(layer => layer.DiffId.ToString()),
                BytesFreed = removed.Freed,
            },
        };
    }

    private static Decision Decide(StoreTransaction transaction, Image image, string? tag, bool force)
    {
        List<string> tags = TagTable.NamesOf(transaction, image.Id);
        bool byTag = tag is not null && tags.Contains(tag); // an id reads as a reference, too
        if (byTag && tags.Count > 1)
        {
            return new Decision([tag!], Deletes: false);
        }
        if (!byTag && tags.Count > 1 && !force)
        {
            throw InUse(
                image,
                $"has {tags.Count} tags ({string.Join(", ", tags.Select(name => ImageReference.Parse(name).Familiar))})",
                "Remove it by a tag, or with -Force.");
        }
        ThrowIfUsed(image, Reachability.UsersOf(transaction, StoreKinds.Image, image.Id).ToLookup(user => user.Kind), force);
        return new Decision(tags, Deletes: true);
    }

    private static void ThrowIfUsed(Image image, ILookup<StoreKind, StoreUser> users, bool force)
    {
        if (users[StoreKinds.Container].FirstOrDefault(user => user.Standing is not null) is StoreUser running)
        {
            throw InUse(image, $"is used by {Tell(users[StoreKinds.Container])}; {running.Name} is {running.Standing}", "Stop and remove the container first.");
        }
        if (force)
        {
            return;
        }
        if (users.Contains(StoreKinds.Mount))
        {
            throw InUse(
                image,
                $"is mounted at {string.Join(", ", users[StoreKinds.Mount].Select(user => user.Name))}",
                "Dismount-LayerImage first, or use -Force: the mount keeps its layers until then.");
        }
        if (users.FirstOrDefault() is { Key.Noun: string noun } first)
        {
            throw InUse(image, $"is used by {Tell(first)}", $"Remove the {noun} first, or use -Force: the {noun} keeps its layers.");
        }
    }

    private static string Tell(IEnumerable<StoreUser> users)
    {
        StoreUser[] all = [.. users];
        string some = string.Join(", ", all.Take(5).Select(user => user.Name)), more = all.Length > 5 ? $" and {all.Length - 5} more" : "";
        return $"the {all[0].Kind.Noun}{(all.Length > 1 ? "s" : "")} {some}{more}";
    }

    private static LayerImageException InUse(Image image, string why, string advice) =>
        new(EngineError.ImageInUse, $"The image {image.Reference} {why}.") { Target = image.Reference, Advice = advice };

    private static Removed Delete(StoreTransaction transaction, string id)
    {
        List<string> diffIds = ImageLayerTable.DiffIdsOf(transaction, id);
        // A layer that was received in two packings (gzip, zstd) has two blobs.
        List<string> candidates =
        [
            id,
            .. diffIds.SelectMany(diffId => LayerBlobTable.BlobsOf(transaction, diffId)),
            .. Reachability.BlobsOf(transaction, StoreKinds.Image, id),
        ];
        ImageTable.Delete(transaction, id);
        List<LayerRecord> own = LayerTable.WithDiffIds(transaction, new NameList(diffIds));
        HashSet<string> gone = [.. Reachability.DeleteUnusedLayers(transaction, own.Select(layer => layer.Key))];
        own.RemoveAll(layer => !gone.Contains(layer.Key));
        List<(Digest Digest, long Size)> blobs = Reachability.DeleteUnusedBlobs(transaction, candidates);
        return new Removed(
            own.ConvertAll(layer => (layer.Key, layer.DiffId)),
            blobs.ConvertAll(blob => blob.Digest),
            own.Sum(layer => layer.ContentBytes) + blobs.Sum(blob => blob.Size),
            null!,
            diffIds.ConvertAll(Digest.Parse));
    }
}
