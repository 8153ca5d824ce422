namespace LayerImage.Engine.Maintenance;

/// <summary>What kind of thing of a store nobody needs.</summary>
public enum StoreItemKind : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>An unpacked layer that no image and no container has.</summary>
    Layer,
    /// <summary>A blob that no image and no container has.</summary>
    Blob,
    /// <summary>A download that no living process goes on with; it would be continued by the next one.</summary>
    PartialDownload,
    /// <summary>Where a registry expects the rest of a blob that was being sent.</summary>
    UploadRecord,
    /// <summary>What a killed process left: a folder or file that no record knows.</summary>
    Leftover,
}

/// <summary>Something of a store that nobody needs, and what it has of the disk.</summary>
public sealed record StoreItem
{
    /// <summary>What kind of item this is.</summary>
    public required StoreItemKind Kind { get; init; }

    /// <summary>A layer's DiffID, a blob's digest; else the file's name.</summary>
    public required string Name { get; init; }

    /// <summary>The item's file or folder.</summary>
    public required string Path { get; init; }

    /// <summary>How many bytes the item has on the disk.</summary>
    public required long Bytes { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} {Name}";
}
