using LayerImage.Engine.Text;

namespace LayerImage.Engine.Mounts;

/// <summary>Layers or folders united at a path; or, dismounted, the changes that were kept of such a union.</summary>
public sealed record UnionMount
{
    // PowerShell would make one of any object with a property of the same name.
    internal UnionMount()
    {
    }

    /// <summary>What the records call it.</summary>
    public required string Id { get; init; }

    /// <summary>The image's reference when it was mounted; null when folders are united.</summary>
    public string? Reference { get; init; }

    /// <summary>The image's id; null when folders are united.</summary>
    public string? ImageId { get; init; }

    /// <summary>What is united below, the top one first, as overlayfs counts them.</summary>
    public required IReadOnlyList<string> LowerDirs { get; init => field = ReadableList.Of(value); }

    /// <summary>How many layers or folders are united; a folder of the engine's own, which carries the root's attributes, is none.</summary>
    public int LayerCount => LowerDirs.Count(folder => !folder.EndsWith($"/{Id}/root", StringComparison.Ordinal));

    /// <summary>Where changes of the union go, in overlayfs's form; null when it is read-only.</summary>
    public string? UpperDir { get; init; }

    /// <summary>Overlayfs's own folder; null when it is read-only.</summary>
    public string? WorkDir { get; init; }

    /// <summary>Where the union appears.</summary>
    public required string Merged { get; init; }

    /// <summary>Whether nothing in it can be changed.</summary>
    public bool IsReadOnly => UpperDir is null;

    /// <summary>Whether the union is mounted; false when only its changes are kept.</summary>
    public bool IsMounted { get; init; }

    /// <summary>When the union was mounted.</summary>
    public DateTimeOffset MountedAt { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Merged;
}
