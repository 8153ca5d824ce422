namespace LayerImage.Engine.Images.Browse;

/// <summary>A document of an image, byte for byte.</summary>
/// <param name="path">Its path.</param>
/// <param name="read">Reads it.</param>
internal sealed class DocumentNode(string path, Func<byte[]> read) : DriveNode(path)
{
    private readonly Lazy<byte[]> _bytes = new(read);

    public override LayerImageItem Item => ItemOf(Path, LayerImageItemType.File) with { Length = _bytes.Value.Length, IsContainer = false };

    public override bool IsContainer => false;

    public override DriveNode? Child(string name, CancellationToken cancellationToken) => null;

    public override IEnumerable<DriveNode> Children(CancellationToken cancellationToken) => [];

    public override Stream Open(CancellationToken cancellationToken) => new MemoryStream(_bytes.Value, writable: false);
}
