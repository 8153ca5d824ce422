using LayerImage.Engine.Text;

namespace LayerImage.Engine.Maintenance;

/// <summary>In which way a store is not whole.</summary>
public enum IntegrityIssueKind : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>A blob that is recorded or that an image names is not there.</summary>
    BlobMissing,
    /// <summary>A blob's bytes are not those that its digest names.</summary>
    BlobDamaged,
    /// <summary>An image names a blob that has a file and no record.</summary>
    BlobNotRecorded,
    /// <summary>A recorded layer has no directory.</summary>
    LayerMissing,
    /// <summary>A layer's directory is not what its tar says.</summary>
    LayerDamaged,
    /// <summary>An image or a container names a layer that has no record.</summary>
    LayerNotRecorded,
    /// <summary>A recorded container has no folder.</summary>
    ContainerMissing,
    /// <summary>An image's records do not say what its configuration says.</summary>
    ImageDamaged,
    /// <summary>A file or folder that no record knows: what a killed process left. It costs space and does no harm.</summary>
    Leftover,
    /// <summary>The database itself is damaged.</summary>
    RecordsDamaged,
}

/// <summary>Something that is wrong in a store.</summary>
public sealed record IntegrityIssue
{
    // PowerShell would make one of any object with a property of the same name.
    internal IntegrityIssue()
    {
    }

    /// <summary>What kind of damage was found.</summary>
    public required IntegrityIssueKind Kind { get; init; }

    /// <summary>The file or folder that is damaged or missing.</summary>
    public required string Path { get; init; }

    /// <summary>The blob's digest, the layer's DiffID, the image's id; null for other things.</summary>
    public string? Digest { get; init; }

    /// <summary>The name of the layer's directory; null for other things.</summary>
    public string? LayerKey { get; init; }

    /// <summary>Which images are hit.</summary>
    public IReadOnlyList<string> Images { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Names of the containers that are hit.</summary>
    public IReadOnlyList<string> Containers { get; init => field = ReadableList.Of(value); } = ReadableList.None<string>();

    /// <summary>Whether Repair-LayerStore can mend it: what is needed is here, or an image's registry is known.</summary>
    public bool IsRepairable { get; init; }

    /// <summary>What is wrong, in words; for a layer with the first paths that differ.</summary>
    public required string Message { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}: {Message}";
}
