namespace LayerImage.Engine.Mounts;

/// <summary>
/// A union mount as a value: what would be united, before anything is done. With no upper directory it is read-only.
/// </summary>
internal sealed record OverlayMount
{
    /// <summary>Layers, the top one first, as overlayfs counts them. 1 to 500.</summary>
    public required IReadOnlyList<string> LowerDirs { get; init; }

    /// <summary>Where changes go; null for a read-only mount.</summary>
    public string? UpperDir { get; init; }

    /// <summary>Overlayfs's own directory, on the upper's file system.</summary>
    public string? WorkDir { get; init; }

    /// <summary>What mountinfo shows as its source: who made it and, for one that has to be found again wherever it is moved, which it is.</summary>
    public string Source { get; init; } = OverlayMountDriver.Source;

    /// <summary>
    /// Neither set-user-ID programs nor devices of the layers work in it: they are an image's, and whoever can reach the
    /// union would be root by them, or read disks.
    /// </summary>
    public bool IsConfined { get; init; }

    /// <summary>Where the union appears.</summary>
    public required string Merged { get; init; }
}
