namespace LayerImage.Engine.Images.Browse;

/// <summary>The root of a tree, which is opened (and its layers indexed) when somebody looks into it, not when it is listed.</summary>
/// <param name="path">Its path.</param>
/// <param name="type">What it is.</param>
/// <param name="diffId">The layer, for a single one.</param>
/// <param name="isStable">Whether it never changes.</param>
/// <param name="open">Opens it.</param>
internal sealed class LazyTreePlace(string path, LayerImageItemType type, string? diffId, bool isStable, Func<CancellationToken, TreePlace> open) : Place(path)
{
    private TreePlace? _tree;

    public override LayerImageItem Item => ItemOf(Path, type) with { LayerDiffId = diffId };

    public override bool IsStable => isStable;

    public override Place? Child(string name, CancellationToken cancellationToken) => Tree(cancellationToken).Child(name, cancellationToken);

    public override IEnumerable<Place> Children(CancellationToken cancellationToken) => Tree(cancellationToken).Children(cancellationToken);

    private TreePlace Tree(CancellationToken cancellationToken) => _tree ??= open(cancellationToken);
}
