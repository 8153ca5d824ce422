using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// A hard link whose target was not there yet. Only its names are kept: a hostile tar's millions of such entries could carry megabytes
/// of attributes each.
/// </summary>
internal readonly record struct LateLink(NativePath Name, NativePath Target);
