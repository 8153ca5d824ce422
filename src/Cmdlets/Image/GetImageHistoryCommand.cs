using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the steps in which images were made, the first one first, each with its layer.</summary>
[Cmdlet(VerbsCommon.Get, "ImageHistory", DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(ImageHistoryEntry))]
public sealed class GetImageHistoryCommand : ImageSelectionCommand
{
    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        WriteObject(Engine.Images.GetHistory(image).Select(entry => name is null ? entry : entry with { Image = name }), enumerateCollection: true);
        return Task.CompletedTask;
    }
}
