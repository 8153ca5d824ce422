namespace LayerImage.Engine.Layers;

/// <summary>A name in a union.</summary>
/// <param name="Parent">The directory that it is in; null for the root.</param>
/// <param name="Node">What it looks like, and where its content is.</param>
/// <param name="Parts">The directories that are merged in it, the top one first; empty for all that is no directory.</param>
internal sealed record UnionNode(UnionNode? Parent, LayerNode Node, IReadOnlyList<LayerNode> Parts)
{
    public bool IsDirectory => Node.Type == LayerNodeType.Directory;
}
