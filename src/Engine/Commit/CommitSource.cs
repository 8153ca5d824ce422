using LayerImage.Engine.Containers;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Commit;

/// <summary>What a committed image's configuration is made of.</summary>
/// <param name="Config">The base image's configuration.</param>
/// <param name="DiffIds">The container's layers, the base first.</param>
/// <param name="Container">The container.</param>
/// <param name="Image">The base image; null when it is not in the store any more.</param>
internal sealed record CommitSource(ImageConfig Config, IReadOnlyList<Digest> DiffIds, ContainerRecord Container, Image? Image);
