using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>
/// The names of one layer, read without unpacking or mounting it: an index of a tar, or a directory that changes while
/// it is read. Whiteouts are names here; links are not followed. Thread-safe.
/// </summary>
internal interface ILayerTree
{
    /// <summary>The root directory.</summary>
    LayerNode Root { get; }

    /// <summary>The entry of a directory with exactly this name, or null. Costs no listing.</summary>
    LayerNode? Find(LayerNode directory, NativePath name);

    /// <summary>The entries of a directory as they come, sorted by the bytes of their names.</summary>
    IEnumerable<LayerNode> List(LayerNode directory);
}
