using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The base of cmdlets that work on images: by -Reference (wildcards, or an id or its beginning) or piped. Their default
/// set is InputObject: in the other one a piped image would be bound by its first tag, and only that tag be meant.
/// </summary>
public abstract class ImageSelectionCommand : LayerImageCmdlet
{
    /// <summary>The set of parameters with -Reference.</summary>
    protected const string ReferenceSet = "Reference";

    /// <summary>The set of parameters with -InputObject.</summary>
    protected const string InputObjectSet = "InputObject";

    /// <summary>References (wildcards), ids or their beginnings.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ReferenceSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("Reference")]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public virtual string[] Reference { get; set; } = [];

    // Not mandatory: PowerShell would ask a person for an object.
    /// <summary>Images from the pipeline.</summary>
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? InputObject { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == InputObjectSet)
        {
            await ForEachAsync([InputObject ?? throw NothingGiven("image", nameof(Reference))], image => ProcessImageAsync(image, null, cancellationToken));
            return;
        }
        await ForEachAsync(Reference, async reference =>
        {
            foreach ((Image image, string? name) in ImageMatcher.Match(Engine, reference, IsPattern(nameof(Reference), reference)))
            {
                await ProcessImageAsync(image, name, cancellationToken);
            }
        });
    }

    /// <summary>Called for each image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">The tag or text it was named by; null when it was piped.</param>
    /// <param name="cancellationToken">Fires at Ctrl-C.</param>
    protected abstract Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken);
}

/// <summary>Finds the images that a user's text means.</summary>
internal static class ImageMatcher
{
    /// <summary>Of a pattern every tag that matches, with or without its ":tag". Else the one image.</summary>
    public static IEnumerable<(Image Image, string? Name)> Match(Engine.LayerImageEngine engine, string text, bool isPattern)
    {
        if (!isPattern)
        {
            return [(engine.Images.Get(text), text)];
        }
        WildcardPattern pattern = new(text, WildcardOptions.IgnoreCase);
        return engine.Images.List().SelectMany(image => image.Tags.Where(tag => Matches(pattern, tag)).Select(tag => (image, (string?)tag)));
    }

    /// <summary>Whether a pattern fits a tag, or the tag without its last part.</summary>
    public static bool Matches(WildcardPattern pattern, string tag) => pattern.IsMatch(tag) || pattern.IsMatch(tag[..tag.LastIndexOf(':')]);
}
