using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Stops containers and starts them again.</summary>
[Cmdlet(VerbsLifecycle.Restart, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Container))]
public sealed class RestartLayerContainerCommand : ContainerCommand
{
    /// <summary>Seconds (or a TimeSpan, or '1m') to end by itself; 0 kills at once, -1 waits for ever.</summary>
    [Parameter]
    [DurationTransformation(TakesForever = true)]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(container.Name, "Restart container", () => Engine.Containers.Checks.RestartAsync(container.Id, cancellationToken)))
        {
            return;
        }
        Container started = await Engine.Containers.RestartAsync(container.Id, Timeout, Observer, cancellationToken);
        if (PassThru)
        {
            WriteObject(started);
        }
    }
}
