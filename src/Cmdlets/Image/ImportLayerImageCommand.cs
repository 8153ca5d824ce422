using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Makes an image of a root file system: a folder, or a tar with any compression.</summary>
[Cmdlet(VerbsData.Import, "LayerImage", SupportsShouldProcess = true)]
[OutputType(typeof(Image))]
public sealed class ImportLayerImageCommand : LayerImageCmdlet
{
    /// <summary>The folder or tar.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>A name for the image.</summary>
    [Parameter(Position = 1)]
    public string? Reference { get; set; }

    /// <summary>A message for its history.</summary>
    [Parameter]
    public string? Message { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Path, async path =>
    {
        string resolved = ResolvePath(path);
        if (ShouldProcess(resolved, $"Import image{(Reference is null ? "" : " as " + Reference)}"))
        {
            WriteObject(await Engine.Images.ImportAsync(resolved, Reference, Message, cancellationToken));
        }
    });
}
