using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A layer to look into.</summary>
/// <param name="DiffId">Its tar's digest.</param>
/// <param name="Key">Its unpacked directory's name in the store; null until it is unpacked.</param>
internal sealed record LayerOrigin(Digest DiffId, string? Key);
