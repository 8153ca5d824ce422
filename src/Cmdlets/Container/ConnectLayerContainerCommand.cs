using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Attaches to a running container's own program. Ctrl-P Ctrl-Q detaches from a terminal.</summary>
[Cmdlet(VerbsCommunications.Connect, "LayerContainer", DefaultParameterSetName = NameSet)]
[OutputType(typeof(string))]
public sealed class ConnectLayerContainerCommand : ContainerSelectionCommand
{
    /// <summary>The container: its name, id or the id's beginning.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The container from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public Container? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        Container container = InputObject ?? await Engine.Containers.GetAsync(Name, cancellationToken);
        ForegroundSession session = new(container.Spec.Terminal, container.Spec.Interactive, WriteObject, Host);
        await session.BeginAsync(await Engine.Containers.Commands.AttachAsync(container.Id, cancellationToken), cancellationToken);
        if (await session.WaitAsync(cancellationToken))
        {
            await SetExitCodeOfAsync(container, cancellationToken);
        }
    }
}
