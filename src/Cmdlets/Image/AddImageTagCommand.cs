using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Gives an image another tag.</summary>
[Cmdlet(VerbsCommon.Add, "ImageTag", SupportsShouldProcess = true, DefaultParameterSetName = ReferenceSet)]
[OutputType(typeof(Image))]
public sealed class AddImageTagCommand : ImageTargetCommand
{
    /// <summary>The new tags: repository[:tag].</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ReferenceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        Image result = image;
        foreach (string tag in Target(Tag, nameof(Tag)))
        {
            if (await ShouldProcessAsync(image.Reference, $"Add tag {tag}", () => ImageService.CheckTag(tag)))
            {
                result = Engine.Images.AddTag(image, tag, Observer);
            }
        }
        WriteObject(result);
    }
}
