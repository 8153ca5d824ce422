using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>A change with its exact path: a name need not be UTF-8.</summary>
/// <param name="Change">What users see.</param>
/// <param name="Path">Relative to the root.</param>
internal readonly record struct ChangedPath(LayerChange Change, NativePath Path);
