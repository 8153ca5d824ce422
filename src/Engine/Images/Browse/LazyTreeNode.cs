namespace LayerImage.Engine.Images.Browse;

/// <summary>The root of a tree, which is opened (and its layers indexed) when somebody looks into it, not when it is listed.</summary>
/// <param name="path">Its path.</param>
/// <param name="type">What it is.</param>
/// <param name="diffId">The layer, for a single one.</param>
/// <param name="isStable">Whether it never changes.</param>
/// <param name="open">Opens it.</param>
internal sealed class LazyTreeNode(
    string path,
    LayerImageItemType type,
    string? diffId,
    bool isStable,
    Func<CancellationToken, TreeNode> open)
    : DriveNode(path)
{
    private TreeNode? _tree;

    public override LayerImageItem Item => ItemOf(Path, type) with { LayerDiffId = diffId };

    public override bool IsStable => isStable;

    public override DriveNode? Child(string name, CancellationToken cancellationToken) => Tree(cancellationToken).Child(name, cancellationToken);

    public override IEnumerable<DriveNode> Children(CancellationToken cancellationToken) => Tree(cancellationToken).Children(cancellationToken);

    private TreeNode Tree(CancellationToken cancellationToken) => _tree ??= open(cancellationToken);
}
