using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the layers of images, the base first.</summary>
[Cmdlet(VerbsCommon.Get, "ImageLayer", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ImageLayer))]
public sealed class GetImageLayerCommand : ImageSelectionCommand
{
    private readonly HashSet<string> _shared = new(StringComparer.Ordinal);

    /// <summary>Only layers that one of these images (wildcards, ids) has, too.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? UsedBy { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        foreach (string reference in UsedBy ?? [])
        {
            _shared.UnionWith(ImageMatcher.Match(Engine, reference, IsPattern(nameof(UsedBy), reference))
                .SelectMany(match => match.Image.Layers)
                .Select(layer => layer.DiffId));
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        IEnumerable<ImageLayer> layers = image.Layers.Where(layer => UsedBy is null || _shared.Contains(layer.DiffId));
        WriteObject(layers.Select(layer => name is null ? layer : layer with { Image = name }), enumerateCollection: true);
        return Task.CompletedTask;
    }
}
