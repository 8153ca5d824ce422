using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the images in the store.</summary>
[Cmdlet(VerbsCommon.Get, "LayerImage", DefaultParameterSetName = "Reference")]
[OutputType(typeof(Image))]
public sealed class GetLayerImageCommand : LayerImageCmdlet
{
    private ImageFilter _filter = new();

    /// <summary>References (wildcards; without a tag every tag), ids or their beginnings.</summary>
    [Parameter(Position = 0, ParameterSetName = "Reference", ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("Reference")]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Reference { get; set; }

    /// <summary>Ids or their beginnings (wildcards).</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Id { get; set; }

    /// <summary>Only images without a tag.</summary>
    [Parameter]
    public SwitchParameter Dangling { get; set; }

    /// <summary>Images without a tag too. What is asked for by name or id is found without it.</summary>
    [Parameter]
    public SwitchParameter All { get; set; }

    /// <summary>Only images for this machine: os/architecture[/variant], or an architecture.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(PlatformCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>Only images with all these labels: 'key', 'key=value', or a hashtable.</summary>
    [Parameter]
    [NameValueTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Label { get; set; } = [];

    /// <summary>Only images made before this time: a date, how long ago ('30d'), or an image.</summary>
    [Parameter]
    [PointInTimeTransformation]
    [ValidateNotNull]
    public object? Before { get; set; }

    /// <summary>Only images made after this time: a date, how long ago ('30d'), or an image.</summary>
    [Parameter]
    [PointInTimeTransformation]
    [ValidateNotNull]
    public object? Since { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        _filter = new ImageFilter
        {
            Dangling = Dangling ? true : null,
            Platform = Platform is null ? null : PlatformArgument.Parse(Platform),
            Labels = Label,
            Before = (DateTimeOffset?)Before,
            Since = (DateTimeOffset?)Since,
        };
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (Id is null && Reference is not { Length: > 0 })
        {
            ImageFilter filter = All || Dangling ? _filter : _filter with { Dangling = false };
            WriteObject(Engine.Images.List().Where(filter.Matches), enumerateCollection: true);
            return Task.CompletedTask;
        }
        string parameter = Id is null ? nameof(Reference) : nameof(Id);
        return ForEachAsync(Id ?? Reference!, text =>
        {
            WriteObject(Find(text, IsPattern(parameter, text)).Where(_filter.Matches), enumerateCollection: true);
            return Task.CompletedTask;
        });
    }

    private IEnumerable<Image> Find(string text, bool isPattern)
    {
        if (isPattern)
        {
            WildcardPattern pattern = new(text, WildcardOptions.IgnoreCase);
            return Id is null
                ? Engine.Images.List().Select(image => (Image: image, Tag: image.Tags.FirstOrDefault(tag => ImageMatcher.Matches(pattern, tag))))
                    .Where(found => found.Tag is not null).Select(found => ImageService.By(found.Image, found.Tag!))
                : Engine.Images.List()
                    .Where(image => pattern.IsMatch(image.Id) || pattern.IsMatch(image.Id[(image.Id.IndexOf(':', StringComparison.Ordinal) + 1)..]));
        }
        IReadOnlyList<Image> found = Engine.Images.Find(text);
        // Get() explains what is wrong: not here, or not a reference at all.
        return found.Count > 0 ? found.Select(image => ImageService.By(image, text)) : [Engine.Images.Get(text)];
    }
}
