using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists what containers changed in their file systems.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerChange", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(LayerChange))]
public sealed class GetContainerChangeCommand : ContainerCommand
{
    /// <summary>Only paths that match (wildcards).</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    public string[]? Path { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        WildcardPattern[]? patterns = Path?.Select(path => new WildcardPattern(path)).ToArray();
        IReadOnlyList<LayerChange> changes = await Engine.Containers.GetChangesAsync(container.Id, cancellationToken);
        WriteObject(changes.Where(change => patterns is null || patterns.Any(pattern => pattern.IsMatch(change.Path))), enumerateCollection: true);
    }
}
