using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>The export that most tests want.</summary>
internal static class OciLayoutExport
{
    /// <summary>Writes one image with all its tags as an OCI image layout folder.</summary>
    public static Task ExportOciLayoutAsync(this ImageService images, Image image, string path, CancellationToken cancellationToken) =>
        images.ExportAsync([new ImageToExport(image, image.Tags)], path, new ExportOptions(), SilentObserver.Instance, cancellationToken);
}
