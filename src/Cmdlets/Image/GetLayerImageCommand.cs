using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the images in the store.</summary>
[Cmdlet(VerbsCommon.Get, "LayerImage", DefaultParameterSetName = "Reference")]
[OutputType(typeof(Image))]
public sealed class GetLayerImageCommand : LayerImageCmdlet
{
    /// <summary>References (wildcards; without a tag every tag), ids or their beginnings.</summary>
    [Parameter(Position = 0, ParameterSetName = "Reference", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    public string[]? Reference { get; set; }

    /// <summary>Ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    public string[]? Id { get; set; }

    /// <summary>Only images without a tag.</summary>
    [Parameter(ParameterSetName = "Reference")]
    public SwitchParameter Dangling { get; set; }

    /// <summary>Images without a tag too.</summary>
    [Parameter(ParameterSetName = "Reference")]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (Id is null && Reference is not { Length: > 0 })
        {
            WriteObject(Engine.Images.List().Where(image => Dangling ? image.Tags.Count == 0 : All || image.Tags.Count > 0), enumerateCollection: true);
            return Task.CompletedTask;
        }
        return ForEachAsync(Id ?? Reference!, text =>
        {
            WriteObject(Find(text), enumerateCollection: true);
            return Task.CompletedTask;
        });
    }

    private IEnumerable<Image> Find(string text)
    {
        if (WildcardPattern.ContainsWildcardCharacters(text))
        {
            WildcardPattern pattern = new(text, WildcardOptions.IgnoreCase);
            return Engine.Images.List().Where(image => image.Tags.Any(tag => ImageMatcher.Matches(pattern, tag)));
        }
        IReadOnlyList<Image> found = Engine.Images.Find(text);
        // Get() explains what is wrong: not here, or not a reference at all.
        return found.Count > 0 ? found : [Engine.Images.Get(text)];
    }
}
