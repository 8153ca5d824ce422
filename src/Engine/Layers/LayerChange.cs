namespace LayerImage.Engine.Layers;

/// <summary>What happened to a path.</summary>
public enum LayerChangeKind
{
    /// <summary>It was not there before.</summary>
    Added,
    /// <summary>Its content or attributes are different.</summary>
    Modified,
    /// <summary>It is gone.</summary>
    Deleted,
}

/// <summary>What kind of file a path is.</summary>
public enum LayerItemType
{
    /// <summary>A regular file.</summary>
    File,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>A symbolic link.</summary>
    SymbolicLink,
    /// <summary>A device, fifo or socket.</summary>
    Special,
}

/// <summary>One changed path of a container or layer.</summary>
public sealed record LayerChange
{
    /// <summary>Absolute, in the container.</summary>
    public required string Path { get; init; }

    /// <summary>What happened.</summary>
    public required LayerChangeKind Kind { get; init; }

    /// <summary>What it is now; for a deleted path what it was.</summary>
    public LayerItemType Type { get; init; }

    /// <summary>Bytes now; 0 for a deleted path.</summary>
    public long Size { get; init; }

    /// <summary>Bytes before; null when it was not there.</summary>
    public long? SizeBefore { get; init; }

    /// <summary>Permission bits now, in octal: "0755"; null for a deleted path.</summary>
    public string? Mode { get; init; }

    /// <summary>"uid:gid" now; null for a deleted path.</summary>
    public string? Owner { get; init; }

    /// <summary>When it was modified; null for a deleted path.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>The container.</summary>
    public string? ContainerName { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind.ToString()[0]} {Path}";
}
