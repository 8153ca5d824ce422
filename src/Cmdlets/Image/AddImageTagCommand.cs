using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Gives an image another tag.</summary>
[Cmdlet(VerbsCommon.Add, "ImageTag", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(Image))]
public sealed class AddImageTagCommand : ImageSelectionCommand
{
    /// <summary>The new tag: repository[:tag].</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        Image result = image;
        foreach (string tag in Tag)
        {
            if (ShouldProcess(image.Reference, $"Add tag {tag}"))
            {
                result = Engine.Images.AddTag(image, tag);
            }
        }
        WriteObject(result);
        return Task.CompletedTask;
    }
}
