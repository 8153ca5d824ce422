using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Makes a container and does not start it.</summary>
[Cmdlet(VerbsCommon.New, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = ImageSet)]
[OutputType(typeof(Container))]
public sealed class NewLayerContainerCommand : NewContainerCommand
{
    /// <summary>A name; one is made up when it is left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <inheritdoc/>
    protected override string? NewName => Name;

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        CheckWords();
        ContainerRequest request = Request();
        if (await ShouldProcessAsync(request.Image, "Make container", () => Engine.Containers.Checks.CreateAsync(request, starting: false, cancellationToken)))
        {
            WriteObject(await Engine.Containers.CreateAsync(request, Observer, cancellationToken));
        }
    }
}
