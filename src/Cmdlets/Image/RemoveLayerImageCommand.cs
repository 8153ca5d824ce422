using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Removes images: a tag, and with the last one the image and the layers that nothing else has.</summary>
[Cmdlet(VerbsCommon.Remove, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ImageRemoval))]
public sealed class RemoveLayerImageCommand : ImageSelectionCommand
{
    /// <summary>Remove an image in spite of several tags or of stopped containers.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        ImageRemoval plan = Engine.Images.Remove(image, name, Force, pretend: true);
        string action = plan.Deleted ? $"Remove image and free {Formatting.ByteSize.Format(plan.BytesFreed)}" : "Remove tag";
        if (ShouldProcess(plan.Untagged.Count > 0 ? string.Join(", ", plan.Untagged) : image.Id, action))
        {
            WriteObject(Engine.Images.Remove(image, name, Force, pretend: false));
        }
        return Task.CompletedTask;
    }
}
