using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Maintenance;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Tells what the store has, what it has of the disk, and what Clear-LayerStore would free.</summary>
[Cmdlet(VerbsCommon.Get, "LayerStore")]
[OutputType(typeof(LayerStoreInfo))]
public sealed class GetLayerStoreCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken) => WriteObject(await Task.Run(Engine.Store.Get, cancellationToken));
}
