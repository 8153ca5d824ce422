using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Removes containers with their changes.</summary>
[Cmdlet(VerbsCommon.Remove, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
public sealed class RemoveLayerContainerCommand : ContainerCommand
{
    /// <summary>Kill one that runs first.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(container.Name, "Remove container and its changes", () => Engine.Containers.Checks.RemoveAsync(container.Id, Force, cancellationToken)))
        {
            await Engine.Containers.RemoveAsync(container.Id, Force, Observer, cancellationToken);
        }
    }
}
