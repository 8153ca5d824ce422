using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Images.Browse;

/// <summary>A node of the drive, found by its path.</summary>
/// <param name="path">The path without the drive: "/images/tomcat"; the root's is empty.</param>
internal abstract class DriveNode(string path)
{
    public string Path { get; } = path;

    public abstract LayerImageItem Item { get; }

    /// <summary>Whether the node has nodes in it.</summary>
    public virtual bool IsContainer => true;

    /// <summary>Whether it stays as it is for as long as the store's records do.</summary>
    public virtual bool IsStable => true;

    /// <summary>The node in it with exactly this name, or null.</summary>
    public abstract DriveNode? Child(string name, CancellationToken cancellationToken);

    /// <summary>The nodes in it as they come.</summary>
    public abstract IEnumerable<DriveNode> Children(CancellationToken cancellationToken);

    /// <summary>Opens the node's content, to be read forward.</summary>
    public virtual Stream Open(CancellationToken cancellationToken) =>
        throw NoContent($"'{Item.FullPath}' is a folder and has no content", "Get-ChildItem lists it.");

    protected static LayerImageItem ItemOf(string path, LayerImageItemType type) => new()
    {
        Name = path[(path.LastIndexOf('/') + 1)..],
        FullPath = "LayerImage:" + (path.Length == 0 ? "/" : path),
        Type = type,
        IsContainer = true,
    };

    protected LayerImageException NoContent(string what, string advice) => new(EngineError.PathInvalid, what + ".") { Target = Item.FullPath, Advice = advice };
}
