using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists what containers changed in their file systems, sorted by path.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerChange", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(LayerChange))]
public sealed class GetContainerChangeCommand : ContainerCommand
{
    /// <summary>Only these paths and what is beneath them, or paths that match a wildcard.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Path { get; set; }

    /// <summary>Read all files that were written, and tell the hashes of their contents.</summary>
    [Parameter]
    public SwitchParameter Content { get; set; }

    /// <summary>Tell paths that are as they were, too.</summary>
    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        ChangeFilter filter = new(Path);
        LayerCompareOptions options = new()
        {
            Content = Content ? ContentComparison.Always : ContentComparison.WhenUnsure,
            IncludeEqual = IncludeEqual,
            Beneath = filter.Beneath,
        };
        foreach (LayerChange change in await Engine.Containers.Changes.ReadAsync(container.Id, options, cancellationToken))
        {
            if (filter.Matches(change))
            {
                WriteObject(change);
            }
        }
    }
}
