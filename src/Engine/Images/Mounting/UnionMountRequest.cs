namespace LayerImage.Engine.Images.Mounting;

/// <summary>What to unite, and where. Either an image or folders.</summary>
public sealed record UnionMountRequest
{
    /// <summary>The image: a reference, an id or the beginning of one.</summary>
    public string? Reference { get; init; }

    /// <summary>Folders instead of an image's layers, the base first, each in overlayfs's form. 1 to 500.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Where the union is to appear, absolute; made when it does not exist. Null for a folder of the engine's run folder.</summary>
    public string? Path { get; init; }

    /// <summary>Whether the union can be changed. Without an <see cref="UpperDir"/> the store keeps the changes.</summary>
    public bool Writable { get; init; }

    /// <summary>A folder of the user's that takes the changes, absolute; made when it does not exist.</summary>
    public string? UpperDir { get; init; }

    /// <summary>Overlayfs's own folder on the file system of <see cref="UpperDir"/>; null for one beside it, for as long as it is mounted.</summary>
    public string? WorkDir { get; init; }
}

/// <summary>How a union is dismounted.</summary>
public sealed record DismountOptions
{
    /// <summary>Although somebody uses it: who does keeps it until the end.</summary>
    public bool Force { get; init; }

    /// <summary>Whether the changes that the store keeps are deleted.</summary>
    public bool Discard { get; init; }
}
