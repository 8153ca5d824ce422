namespace LayerImage.Engine.Images.Browse;

/// <summary>A folder of the drive itself.</summary>
/// <param name="path">Its path.</param>
/// <param name="type">What it is.</param>
/// <param name="find">The place in it with a name, or null.</param>
/// <param name="list">The places in it.</param>
internal sealed class FolderPlace(string path, LayerImageItemType type, Func<string, Place?> find, Func<IEnumerable<Place?>> list) : Place(path)
{
    public override LayerImageItem Item => ItemOf(Path, type);

    // Records may change at any time; a look at them is cheap.
    public override bool IsStable => type is LayerImageItemType.Image or LayerImageItemType.Layer;

    public override Place? Child(string name, CancellationToken cancellationToken) => find(name);

    public override IEnumerable<Place> Children(CancellationToken cancellationToken) => list().OfType<Place>();
}
