using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Network;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the published ports of containers.</summary>
[Cmdlet(VerbsCommon.Get, "ContainerPort", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(PortMapping))]
public sealed class GetContainerPortCommand : ContainerCommand
{
    /// <inheritdoc/>
    protected override Task ProcessContainerAsync(Container container, CancellationToken cancellationToken)
    {
        foreach (PortMapping port in container.Ports)
        {
            PSObject shown = new(port);
            shown.Properties.Add(new PSNoteProperty("ContainerName", container.Name)); // of several containers: whose it is
            WriteObject(shown);
        }
        return Task.CompletedTask;
    }
}
