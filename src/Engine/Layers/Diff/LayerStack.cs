namespace LayerImage.Engine.Layers;

/// <summary>A file system as a stack of unpacked layers: an image's, or a container's with its changes on top.</summary>
public sealed record LayerStack
{
    internal LayerStack(string name, string? containerName, IReadOnlyList<string> directories, string root) =>
        (Name, ContainerName, Directories, Root) = (name, containerName, directories, root);

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>The container's name; null for an image.</summary>
    public string? ContainerName { get; }

    /// <summary>Its directories in overlayfs's form, the top one first.</summary>
    internal IReadOnlyList<string> Directories { get; }

    /// <summary>The directory whose attributes its root shows.</summary>
    internal string Root { get; }

    /// <summary>
    /// What is different in another file system: as they come, sorted by path (a directory before its content). Layers
    /// that both have are skipped; only what the other layers touch is looked up.
    /// </summary>
    /// <param name="difference">The other one.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public IEnumerable<LayerChange> CompareTo(LayerStack difference, LayerCompareOptions options, CancellationToken cancellationToken) =>
        new StackDiff(this, difference, options, cancellationToken).Run();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
