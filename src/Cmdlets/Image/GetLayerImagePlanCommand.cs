using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Says what receiving an image would do: which layers are here, which are shared, what would be received.</summary>
[Cmdlet(VerbsCommon.Get, "LayerImagePlan")]
[OutputType(typeof(PullPlan))]
public sealed class GetLayerImagePlanCommand : ImageRequestCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Reference, async reference =>
        WriteObject(await Engine.Images.PlanAsync(reference, Options(), cancellationToken)));
}
