using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Removes images: a tag, and with the last one the image and the layers that nothing else has.</summary>
[Cmdlet(VerbsCommon.Remove, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveLayerImageCommand : ImageSelectionCommand
{
    private readonly List<(Image Image, string? Name)> _items = [];

    /// <summary>Remove an image in spite of several tags or of stopped containers.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        _items.Add((image, name));
        return Task.CompletedTask;
    }

    /// <summary>All at the end: what goes with one image depends on which others go, too.</summary>
    protected override Task EndAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PlannedRemoval> plans = _items.Count == 0 ? [] : Engine.Images.PlanRemovals(_items, Force);
        return ForEachAsync(Enumerable.Range(0, plans.Count), i =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            (PlannedRemoval plan, (Image image, string? name)) = (plans[i], _items[i]);
            if (plan.Failure is LayerImageException failure)
            {
                WriteFailure(failure, image);
            }
            else if (ShouldProcess(RemovalText.Target(plan), RemovalText.Action(plan)))
            {
                WriteObject(Engine.Images.Remove(image, name, Force, pretend: false));
            }
            return Task.CompletedTask;
        });
    }
}
