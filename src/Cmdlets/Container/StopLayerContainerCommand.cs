using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Stops containers: asks with the stop signal, kills when the time is over.</summary>
[Cmdlet(VerbsLifecycle.Stop, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Container))]
public sealed class StopLayerContainerCommand : ContainerCommand
{
    /// <summary>Seconds (or a TimeSpan, or '1m') to end by itself; 0 kills at once, -1 waits for ever. The container's own time when it is left out.</summary>
    [Parameter]
    [DurationTransformation(TakesForever = true)]
    public TimeSpan? Timeout { get; set; }

    /// <summary>In place of the container's stop signal.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SignalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Signal { get; set; }

    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        // One that has ended stays as it is: there is nothing that -WhatIf could promise.
        if ((IsWhatIf && (await Engine.Containers.GetAsync(container.Id, cancellationToken)).State is ContainerState.Created or ContainerState.Exited)
            || !ShouldProcess(container.Name, "Stop container"))
        {
            return;
        }
        Container? stopped = await Engine.Containers.StopAsync(container.Id, Timeout, Signal, cancellationToken);
        if (PassThru && stopped is not null)
        {
            WriteObject(stopped);
        }
    }
}
