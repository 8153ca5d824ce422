using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A hard link whose target was not there yet. Only its names are kept: a hostile tar's millions of such entries could carry megabytes
/// of attributes each.
/// </summary>
internal readonly record struct LateLink(LayerPath Path, NativePath Target)
{
    public LayerImageException Refuse() => LayerPath.Refuse(Path, $"it is a hard link to '{Target}', which the layer does not have");
}
