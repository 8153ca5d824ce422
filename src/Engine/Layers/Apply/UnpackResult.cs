namespace LayerImage.Engine.Layers;

/// <summary>What unpacking a layer's tar found.</summary>
internal sealed record UnpackResult
{
    /// <summary>Entries in the tar.</summary>
    public required long Entries { get; init; }

    /// <summary>Bytes of file content.</summary>
    public required long ContentBytes { get; init; }

    /// <summary>Whether the tar has an entry for the root directory itself.</summary>
    public required bool HasRoot { get; init; }

    /// <summary>
    /// Directories that the tar uses and does not describe, a parent before its children; without the root, and without those
    /// beneath a directory that the layer itself makes opaque. Their attributes are those of the layer below, which makes the
    /// unpacked layer good for one stack only.
    /// </summary>
    public required IReadOnlyList<LayerPath> ImpliedDirectories { get; init; }
}
