using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists containers in all states, the newest first.</summary>
[Cmdlet(VerbsCommon.Get, "Container", DefaultParameterSetName = NameSet)]
[Alias("Get-LayerContainer")]
[OutputType(typeof(Container))]
public sealed class GetContainerCommand : ContainerSelectionCommand
{
    /// <summary>Names (wildcards), ids or their beginnings.</summary>
    [Parameter(Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    public string[]? Name { get; set; }

    /// <summary>Ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    public string[]? Id { get; set; }

    /// <summary>Only in these states.</summary>
    [Parameter]
    public ContainerState[]? State { get; set; }

    /// <summary>Only of these images (wildcards).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    public string[]? Image { get; set; }

    /// <summary>Only with this label: 'key' or 'key=value'.</summary>
    [Parameter]
    public string[]? Label { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        string[]? wanted = Id ?? Name;
        IEnumerable<Container> containers = wanted is { Length: > 0 }
            ? await SelectAsync(wanted, null, cancellationToken)
            : await Engine.Containers.ListAsync(cancellationToken);
        WriteObject(containers.Where(Fits), enumerateCollection: true);
    }

    private bool Fits(Container container) =>
        (State is null || State.Contains(container.State))
        && (Image is null || Image.Any(image => ImageMatcher.Matches(new WildcardPattern(image, WildcardOptions.IgnoreCase), container.Image)))
        && (Label is null || Label.All(label => HasLabel(container, label)));

    private static bool HasLabel(Container container, string label)
    {
        string[] parts = label.Split('=', 2);
        return container.Labels.TryGetValue(parts[0], out string? value) && (parts.Length == 1 || parts[1] == value);
    }
}
