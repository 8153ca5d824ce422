namespace LayerImage.Engine.Images.Browse;

/// <summary>A container to look into.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Own">The directories of its changes, the top one first: its upper directory, and those that commits made layers of.</param>
/// <param name="Init">The directory of mount points that its image lacks, or null.</param>
/// <param name="Image">Its image's layers, the base first.</param>
internal sealed record BrowsedContainer(string Name, IReadOnlyList<string> Own, string? Init, IReadOnlyList<LayerOrigin> Image);
