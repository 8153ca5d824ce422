using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Imports images from a docker archive, an OCI archive or an OCI layout folder, or makes one of a root file system (a
/// folder, or a tar with any compression). Which it is, its content tells.
/// </summary>
[Cmdlet(VerbsData.Import, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(Image))]
public sealed class ImportLayerImageCommand : LayerImageCmdlet
{
    private const string PathSet = "Path", LiteralPathSet = "LiteralPath";

    /// <summary>The archives, folders or tars (wildcards).</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of what is imported, taken as they are: [ and * are letters.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP", "FullName")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

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
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ParameterSetName == PathSet
        ? ForEachAsync(Path, given => ForEachAsync(ResolvePaths(given), resolved => ImportAsync(resolved, cancellationToken)))
        : ForEachAsync(LiteralPath, given => ImportAsync(ResolvePath(given), cancellationToken));

    private async Task ImportAsync(string path, CancellationToken cancellationToken)
    {
        ImportOptions options = new() { Reference = Reference, Message = Message, Changes = Change };
        if (!await ShouldProcessAsync(path, $"Import image{(Reference is null ? "" : " as " + Reference)}", () => ImageService.CheckImport(path, options)))
        {
            return;
        }
        await foreach (Image image in Engine.Images.ImportAsync(path, options, Observer, cancellationToken))
        {
            WriteObject(image);
        }
    }
}
