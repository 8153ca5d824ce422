namespace LayerImage.Engine.Images.Browse;

/// <summary>A container to look into.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Upper">The directory of its changes.</param>
/// <param name="Init">The directory of mount points that its image lacks, or null.</param>
/// <param name="Layers">Its layers, the base first.</param>
internal sealed record BrowsedContainer(string Name, string Upper, string? Init, IReadOnlyList<LayerOrigin> Layers);
