using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Store;

/// <summary>The record of an unpacked layer.</summary>
internal sealed record LayerRecord
{
    /// <summary>The directory's name under layers/.</summary>
    public required string Key { get; init; }

    public required Digest DiffId { get; init; }

    /// <summary>Bytes of file content.</summary>
    public required long ContentBytes { get; init; }

    /// <summary>Bytes of the uncompressed tar.</summary>
    public required long TarSize { get; init; }

    /// <summary>How many entries the layer's tar has.</summary>
    public required long Entries { get; init; }

    /// <summary>Whether the tar describes the root directory.</summary>
    public required bool HasRoot { get; init; }

    /// <summary>Whether it takes directories' attributes from the layers below, and so is good for one stack only.</summary>
    public required bool HasImplied { get; init; }

    /// <summary>The tar writer's version, for a layer that was committed or imported here and has no blob.</summary>
    public int? Writer { get; init; }

    /// <summary>The record of a layer that was made here.</summary>
    public static LayerRecord Of(DigestedTree layer) => new()
    {
        Key = layer.DiffId.Hex,
        DiffId = layer.DiffId,
        ContentBytes = layer.ContentBytes,
        TarSize = layer.TarSize,
        Entries = layer.Entries,
        HasRoot = layer.HasRoot,
        HasImplied = false,
        Writer = TarWriter.Version,
    };
}
