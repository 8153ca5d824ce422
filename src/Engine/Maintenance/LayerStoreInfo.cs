namespace LayerImage.Engine.Maintenance;

/// <summary>
/// A store: what is in it and what it has of the disk. Bytes are those that the file system gave to files and folders
/// (as du counts), a file with several names once.
/// </summary>
public sealed record LayerStoreInfo
{
    /// <summary>The store's folder.</summary>
    public required string Path { get; init; }

    /// <summary>The version of its records.</summary>
    public required int Version { get; init; }

    /// <summary>How many images the store has.</summary>
    public required long Images { get; init; }

    /// <summary>How many unpacked layers the store has.</summary>
    public required long Layers { get; init; }

    /// <summary>How many containers the store has.</summary>
    public required long Containers { get; init; }

    /// <summary>How many blobs: layers as received, configurations, manifests.</summary>
    public required long Blobs { get; init; }

    /// <summary>Bytes of the blobs on the disk.</summary>
    public required long BlobBytes { get; init; }

    /// <summary>Bytes of unpacked layers.</summary>
    public required long LayerBytes { get; init; }

    /// <summary>Bytes of containers' changes and logs.</summary>
    public required long ContainerBytes { get; init; }

    /// <summary>Bytes of the changes in unions that are, or were, mounted writable.</summary>
    public required long MountBytes { get; init; }

    /// <summary>Bytes of what can be made again at any time: indexes of layers, layers inflated to read a file of them.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Bytes of downloads that are under way or wait to be gone on with.</summary>
    public required long PartialBytes { get; init; }

    /// <summary>Bytes of what killed processes left.</summary>
    public required long LeftoverBytes { get; init; }

    /// <summary>Bytes of the records: the database and its log.</summary>
    public required long RecordBytes { get; init; }

    /// <summary>All bytes of the store on the disk.</summary>
    public long TotalBytes => BlobBytes + LayerBytes + ContainerBytes + MountBytes + CacheBytes + PartialBytes + LeftoverBytes + RecordBytes;

    /// <summary>What <see cref="LayerStoreService.Clear"/> would free now.</summary>
    public required long ReclaimableBytes { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
