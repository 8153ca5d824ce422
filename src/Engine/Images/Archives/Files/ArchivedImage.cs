using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;

namespace LayerImage.Engine.Images.Archives;

/// <summary>An image as an archive describes it.</summary>
internal sealed record ArchivedImage
{
    /// <summary>The names that the archive gives the image.</summary>
    public IReadOnlyList<ImageReference> Names { get; init; } = [];

    /// <summary>Tags without a repository, which only a name given at the import makes whole.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The configuration, exactly as it is there.</summary>
    public required ReceivedDocument Configuration { get; init; }

    /// <summary>The configuration, parsed.</summary>
    public required ImageConfig Config { get; init; }

    /// <summary>The layers' blobs, the base first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>The manifest; null where the archive has none.</summary>
    public ReceivedDocument? Manifest { get; init; }

    /// <summary>The images whose layers were left out, as the archive says.</summary>
    public IReadOnlyList<string> Excluding { get; init; } = [];

    /// <summary>What messages call it.</summary>
    public override string ToString() => Names.Count > 0 ? Names[0].Familiar : Tags.Count > 0 ? Tags[0] : Configuration.Digest.Short;
}
