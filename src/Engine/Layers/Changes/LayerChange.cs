namespace LayerImage.Engine.Layers;

/// <summary>One path that two file systems do not have alike: a container's and its image's, or those of two images.</summary>
public sealed record LayerChange
{
    // PowerShell would make one of any object with a property of the same name.
    internal LayerChange()
    {
    }

    /// <summary>
    /// Absolute, in the container or image. Bytes that are not UTF-8 stand as \xNN, and then a backslash as \\; see
    /// <see cref="RawPath"/>.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>What happened.</summary>
    public required LayerChangeKind Kind { get; init; }

    /// <summary>What is different of a modified path.</summary>
    public LayerChangeAttributes Differences { get; init; }

    /// <summary>What it is now; for a deleted path what it was.</summary>
    public LayerItemType Type { get; init; }

    /// <summary>What it was; null when it was not there.</summary>
    public LayerItemType? TypeBefore { get; init; }

    /// <summary>Bytes now; 0 for a deleted path and for all but regular files.</summary>
    public long Size { get; init; }

    /// <summary>Bytes before; null when it was not there.</summary>
    public long? SizeBefore { get; init; }

    /// <summary>Permission bits now, in octal: "0755"; null for a deleted path.</summary>
    public string? Mode { get; init; }

    /// <summary>Permission bits before; null when it was not there.</summary>
    public string? ModeBefore { get; init; }

    /// <summary>"uid:gid" now; null for a deleted path.</summary>
    public string? Owner { get; init; }

    /// <summary>"uid:gid" before; null when it was not there.</summary>
    public string? OwnerBefore { get; init; }

    /// <summary>When it was modified; null for a deleted path.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>When it had been modified before; null when it was not there.</summary>
    public DateTimeOffset? ModifiedAtBefore { get; init; }

    /// <summary>A symbolic link's text now.</summary>
    public string? LinkTarget { get; init; }

    /// <summary>A symbolic link's text before.</summary>
    public string? LinkTargetBefore { get; init; }

    /// <summary>SHA-256 of a regular file now, "sha256:…"; null unless contents are compared.</summary>
    public string? Hash { get; init; }

    /// <summary>SHA-256 of a regular file before; null unless contents are compared.</summary>
    public string? HashBefore { get; init; }

    /// <summary>The path's bytes where they are not UTF-8; null where <see cref="Path"/> is the path as it is.</summary>
    public byte[]? RawPath { get; init; }

    /// <summary>The container whose change it is; null between images.</summary>
    public string? ContainerName { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToString()[0]} {Path}";
}
