using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Imports images from a docker archive, an OCI archive or an OCI layout folder, or makes one of a root file system (a
/// folder, or a tar with any compression). Which it is, its content tells.
/// </summary>
[Cmdlet(VerbsData.Import, "LayerImage", SupportsShouldProcess = true)]
[OutputType(typeof(Image))]
public sealed class ImportLayerImageCommand : LayerImageCmdlet
{
    /// <summary>The archive, folder or tar.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LiteralPath", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>A name for the image; of an archive of several, the image that is meant.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>A message for the history of an image made of a root file system.</summary>
    [Parameter]
    public string? Message { get; set; }

    /// <summary>Dockerfile instructions for the configuration of an image made of a root file system: 'CMD ["sh"]'.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Change { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Path, async path =>
    {
        string resolved = ResolvePath(path);
        if (!ShouldProcess(resolved, $"Import image{(Reference is null ? "" : " as " + Reference)}"))
        {
            return;
        }
        ImportOptions options = new() { Reference = Reference, Message = Message, Changes = Change };
        await foreach (Image image in Engine.Images.ImportAsync(resolved, options, Observer, cancellationToken))
        {
            WriteObject(image);
        }
    });
}
