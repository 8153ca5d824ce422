using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Writes images into one archive or folder that other tools read.</summary>
[Cmdlet(VerbsData.Export, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = ReferenceSet)]
[OutputType(typeof(FileInfo), typeof(DirectoryInfo))]
public sealed class ExportLayerImageCommand : ImageTargetCommand
{
    private static readonly string[] s_compressed = [".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2"];

    private readonly List<ImageToExport> _images = [];

    /// <summary>The archive to write, or the folder: it is new or empty.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ReferenceSet)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The format: an OCI archive when the path ends in ".tar", else an OCI layout folder.</summary>
    [Parameter]
    public ImageExportFormat? Format { get; set; }

    /// <summary>Images that the receiver has: their layers are left out.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Excluding { get; set; } = [];

    /// <summary>Replace the file, or the OCI layout, that is there.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        // Named by a tag it is exported under that tag; by an id or piped, under all.
        string? tag = image.Tags.FirstOrDefault(known => known == name || known == name + ":latest")
            ?? image.Tags.FirstOrDefault(known =>
                name is not null
                    && LayerImage.Engine.References.ImageReference.TryParse(name, out var reference)
                    && reference!.WithDefaultTag().Familiar == known);
        _images.Add(new ImageToExport(image, tag is null ? image.Tags : [tag]));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_images.Count == 0)
        {
            return;
        }
        if (HasFailed)
        {
            WriteWarning("Nothing was written, for not all of the images are here.");
            return;
        }
        string path = ResolvePath(Target(Path.Length == 0 ? [] : [Path], nameof(Path))[0]);
        if (Format is null && s_compressed.Any(end => path.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
        {
            throw new LayerImageException(EngineError.ParameterInvalid,
                $"'{path}' would be a compressed archive, and none is written: the layers in it are compressed already.")
            { Target = path, Advice = "Name it .tar; or give -Format: OciLayout makes a folder of that name." };
        }
        ExportOptions options = new()
        {
            Format = Format ?? (path.EndsWith(".tar", StringComparison.OrdinalIgnoreCase) ? ImageExportFormat.OciArchive : ImageExportFormat.OciLayout),
            Excluding = [.. Excluding.SelectMany(text => ImageMatcher.Match(Engine, text, IsPattern(nameof(Excluding), text)))
                .Select(match => match.Image)
                .DistinctBy(image => image.Id)],
            Force = Force,
        };
        if (await ShouldProcessAsync(
            path,
            $"Export {string.Join(", ", _images.Select(image => image.Image.Reference).Distinct())}",
            () => ImageService.CheckExport(path, options)))
        {
            WriteFile(await Engine.Images.ExportAsync(_images, path, options, Observer, cancellationToken));
        }
    }
}
