namespace LayerImage.Engine.Store;

/// <summary>
/// The kinds of things that the store has, and what each needs. A new kind is an entry here (and a table in
/// <see cref="StoreSchema"/>): collecting, clearing, removing, checking and counting ask by this list.
/// </summary>
internal static class StoreKinds
{
    /// <summary>Bytes as received, in content/blobs.</summary>
    public static StoreKind Blob { get; } = new() { Noun = "blob", Table = "blob", Key = "digest" };

    /// <summary>The kind of unpacked layers.</summary>
    public static StoreKind Layer { get; } = new() { Noun = "layer", Table = "layer", Key = "key", Folder = StoreLayout.LayersFolder, IsSwept = true };

    /// <summary>The kind of images.</summary>
    public static StoreKind Image { get; } = new()
    {
        Noun = "image",
        Table = "image",
        Claims =
        [
            new StoreClaim(Layer, "image_layer", "layer", "image") { DiffId = "diff_id" },
            new StoreClaim(Blob, "image", "id", "id"), // the configuration
            new StoreClaim(Blob, "image", "manifest", "id"),
            new StoreClaim(Blob, "image_layer", "blob", "image"),
            new StoreClaim(Blob, "repo_digest", RepoDigestTable.DigestInName, "image") { IsRequired = false }, // an index, where one was received
        ],
    };

    /// <summary>The kind of containers.</summary>
    public static StoreKind Container { get; } = new()
    {
        Noun = "container",
        Table = "container",
        Label = "name",
        Folder = StoreLayout.ContainersFolder,
        IsSwept = true,
        Standing = ContainerTable.Standing,
        Claims =
        [
            new StoreClaim(Image, "container", "image", "id"),
            new StoreClaim(Layer, "container_layer", "layer", "container"),
            // Its image may be removed in spite of it. The configuration and the layers' blobs stay: it may be committed.
            new StoreClaim(Blob, "container", "image", "id") { IsRequired = false },
            new StoreClaim(
                Blob,
                "layer_blob JOIN layer ON layer.diff_id = layer_blob.diff_id JOIN container_layer ON container_layer.layer = layer.key",
                "layer_blob.blob",
                "container_layer.container") { IsRequired = false },
        ],
    };

    /// <summary>Unions at paths of the user's, and the changes that were kept of such.</summary>
    public static StoreKind Mount { get; } = new()
    {
        Noun = "mount",
        Table = "mount",
        Label = "path",
        Folder = StoreLayout.MountsFolder,
        Standing = MountTable.Standing,
        Claims =
        [
            new StoreClaim(Image, "mount", "image", "id") { When = MountTable.IsMounted },
            new StoreClaim(Layer, "mount_layer", "layer", "mount"),
        ],
    };

    /// <summary>All of them. Messages name users in this order.</summary>
    public static IReadOnlyList<StoreKind> All { get; } = [Blob, Layer, Image, Container, Mount];
}
