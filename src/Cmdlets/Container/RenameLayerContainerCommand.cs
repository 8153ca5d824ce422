using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Gives a container another name.</summary>
[Cmdlet(VerbsCommon.Rename, "LayerContainer", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(Container))]
public sealed class RenameLayerContainerCommand : ContainerSelectionCommand
{
    /// <summary>The container: its name, id or the id's beginning.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet)]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The container from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public Container? InputObject { get; set; }

    /// <summary>Its new name.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string NewName { get; set; } = "";

    /// <summary>Emit the container.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        Container container = InputObject ?? await Engine.Containers.GetAsync(Name, cancellationToken);
        if (await ShouldProcessAsync(container.Name, $"Rename container to {NewName}", () => Engine.Containers.Checks.Rename(container.Id, NewName)))
        {
            Container renamed = await Engine.Containers.RenameAsync(container.Id, NewName, cancellationToken);
            if (PassThru)
            {
                WriteObject(renamed);
            }
        }
    }
}
