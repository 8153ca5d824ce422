using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Takes tags away from images. The image stays, if need be without a name; Remove-LayerImage removes it.</summary>
[Cmdlet(VerbsCommon.Remove, "ImageTag", SupportsShouldProcess = true, DefaultParameterSetName = ReferenceSet)]
[OutputType(typeof(Image))]
public sealed class RemoveImageTagCommand : ImageTargetCommand
{
    /// <summary>The tags to take away (wildcards). Left out: the tag that -Reference names, or all tags of a piped image.</summary>
    [Parameter(Position = 1, ParameterSetName = ReferenceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        Image result = image;
        foreach (string tag in TagsOf(image, name))
        {
            if (await ShouldProcessAsync(tag, "Remove tag", () => ImageService.CheckRemoveTag(image, tag)))
            {
                result = Engine.Images.RemoveTag(image, tag);
            }
        }
        WriteObject(result);
    }

    private IEnumerable<string> TagsOf(Image image, string? name) => Tag.Length == 0 && (name is not null || Reference.Length == 0)
        ? name is null ? image.Tags : [name]
        : Target(Tag, nameof(Tag)).SelectMany(tag => WildcardPattern.ContainsWildcardCharacters(tag)
            ? image.Tags.Where(existing => ImageMatcher.Matches(new WildcardPattern(tag, WildcardOptions.IgnoreCase), existing))
            : [tag]).Distinct();
}
