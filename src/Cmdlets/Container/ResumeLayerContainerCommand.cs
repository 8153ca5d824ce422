using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Thaws all processes of containers.</summary>
[Cmdlet(VerbsLifecycle.Resume, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Container))]
public sealed class ResumeLayerContainerCommand : ContainerCommand
{
    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        if (await ShouldProcessAsync(container.Name, "Resume container", () => Engine.Containers.Checks.RunningAsync(container.Id, cancellationToken)))
        {
            Container resumed = await Engine.Containers.ResumeAsync(container.Id, cancellationToken);
            if (PassThru)
            {
                WriteObject(resumed);
            }
        }
    }
}
