using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the layers of images, the base first.</summary>
[Cmdlet(VerbsCommon.Get, "ImageLayer", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ImageLayer))]
public sealed class GetImageLayerCommand : ImageSelectionCommand
{
    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        WriteObject(image.Layers, enumerateCollection: true);
        return Task.CompletedTask;
    }
}
