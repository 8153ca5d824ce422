using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Makes images of containers: their changes become a layer, their settings the image's defaults.</summary>
[Cmdlet(VerbsData.Save, "ContainerAsImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(LayerImage.Engine.Images.Image))]
public sealed class SaveContainerAsImageCommand : ContainerSelectionCommand
{
    private string? _lastReference;

    /// <summary>The new image's name: repository[:tag], or a script block for a piped container. The container's name when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>Containers: names (wildcards), ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Containers from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public Container? InputObject { get; set; }

    /// <summary>Who made it; the base image's author when it is left out.</summary>
    [Parameter]
    public string? Author { get; set; }

    /// <summary>A message for its history.</summary>
    [Parameter]
    public string? Message { get; set; }

    /// <summary>Read a running container without pausing it: a file that changes meanwhile may be torn.</summary>
    [Parameter]
    public SwitchParameter NoPause { get; set; }

    /// <summary>Accepted for symmetry: the image is always emitted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachContainerAsync(Name, InputObject, async container =>
    {
        string reference = Reference ?? container.Name.ToLowerInvariant() + ":latest";
        if (reference == _lastReference)
        {
            throw new LayerImageException(EngineError.NameInUse, $"'{reference}' was just given to another container's image: the second would take it away.")
            { Target = container.Name, Advice = "Leave -Reference out, or make it from the container: -Reference { \"$($_.Name):v2\" }" };
        }
        if (!ShouldProcess(container.Name, $"Save as image {reference}"))
        {
            return;
        }
        CommitOptions options = new() { Reference = reference, Author = Author, Message = Message, NoPause = NoPause };
        WriteObject(await Engine.Containers.CommitAsync(container.Id, options, Observer, cancellationToken));
        _lastReference = reference;
    }, cancellationToken);
}
