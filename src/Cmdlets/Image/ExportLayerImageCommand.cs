using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Images;

namespace LayerImage.Cmdlets.Commands;

/// <summary>How an image is written.</summary>
public enum ImageExportFormat
{
    /// <summary>A folder in the OCI image layout.</summary>
    OciLayout,
}

/// <summary>Writes an image into a folder that other tools read.</summary>
[Cmdlet(VerbsData.Export, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(DirectoryInfo))]
public sealed class ExportLayerImageCommand : ImageSelectionCommand
{
    /// <summary>The folder to write; it is new or empty.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The format.</summary>
    [Parameter]
    public ImageExportFormat Format { get; set; } = ImageExportFormat.OciLayout;

    /// <inheritdoc/>
    protected override async Task ProcessImageAsync(Image image, string? name, CancellationToken cancellationToken)
    {
        string path = ResolvePath(Path);
        if (ShouldProcess(path, $"Export image {image.Reference}"))
        {
            await Engine.Images.ExportOciLayoutAsync(image, path, cancellationToken);
            WriteObject(new DirectoryInfo(path));
        }
    }
}
