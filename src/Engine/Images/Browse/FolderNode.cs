namespace LayerImage.Engine.Images.Browse;

/// <summary>A folder of the drive itself.</summary>
/// <param name="path">Its path.</param>
/// <param name="type">What it is.</param>
/// <param name="find">The node in it with a name, or null.</param>
/// <param name="list">The nodes in it.</param>
internal sealed class FolderNode(string path, LayerImageItemType type, Func<string, DriveNode?> find, Func<IEnumerable<DriveNode?>> list) : DriveNode(path)
{
    public override LayerImageItem Item => ItemOf(Path, type);

    // Records may change at any time; a look at them is cheap.
    public override bool IsStable => type is LayerImageItemType.Image or LayerImageItemType.Layer;

    public override DriveNode? Child(string name, CancellationToken cancellationToken) => find(name);

    public override IEnumerable<DriveNode> Children(CancellationToken cancellationToken) => list().OfType<DriveNode>();
}
