using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Freezes all processes of containers.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Container))]
public sealed class SuspendLayerContainerCommand : ContainerCommand
{
    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(container.Name, "Suspend container", () => Engine.Containers.Checks.RunningAsync(container.Id, cancellationToken)))
        {
            Container suspended = await Engine.Containers.PauseAsync(container.Id, cancellationToken);
            if (PassThru)
            {
                WriteObject(suspended);
            }
        }
    }
}
