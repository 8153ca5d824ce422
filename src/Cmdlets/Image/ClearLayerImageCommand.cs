using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Removes images that are no longer wanted: all criteria that are given must hold, and no container uses the image.
/// Without a criterion, those without a tag.
/// </summary>
[Cmdlet(VerbsCommon.Clear, "LayerImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ImageRemoval))]
public sealed class ClearLayerImageCommand : LayerImageCmdlet
{
    /// <summary>Only images without a tag.</summary>
    [Parameter]
    public SwitchParameter Dangling { get; set; }

    /// <summary>Only images that were neither received nor made nor taken for a container since this time: a date, how long ago ('30d'), or an image.</summary>
    [Parameter]
    [PointInTimeTransformation]
    [ValidateNotNull]
    public DateTimeOffset? UnusedSince { get; set; }

    /// <summary>In each repository all tags but those of so many newest images.</summary>
    [Parameter]
    [ValidateNotNull]
    [ValidateRange(0, int.MaxValue)]
    public int? KeepLast { get; set; }

    /// <summary>Only images with all these labels: 'key', 'key=value', or a hashtable.</summary>
    [Parameter]
    [NameValueTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Removes the images without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        bool isDefault = UnusedSince is null && KeepLast is null && Label.Length == 0;
        IReadOnlyList<(Image Image, string? Name)> items = Engine.Images.FindUnwanted(new ImageClearing
        {
            Dangling = Dangling || isDefault,
            UnusedSince = UnusedSince,
            KeepLast = KeepLast,
            Labels = Label,
        });
        IReadOnlyList<PlannedRemoval> plans = items.Count == 0 ? [] : Engine.Images.PlanRemovals(items, force: true);
        return ForEachAsync(Enumerable.Range(0, plans.Count), i =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            (PlannedRemoval plan, (Image image, string? name)) = (plans[i], items[i]);
            if (plan.Failure is LayerImageException failure)
            {
                WriteFailure(failure, image);
            }
            else if ((Force && !IsWhatIf) || ShouldProcess(RemovalText.Target(plan), RemovalText.Action(plan)))
            {
                WriteObject(Engine.Images.Remove(image, name, force: true, pretend: false));
            }
            return Task.CompletedTask;
        });
    }
}
