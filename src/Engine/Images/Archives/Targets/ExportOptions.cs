namespace LayerImage.Engine.Images;

/// <summary>The form that exported images have on the disk.</summary>
public enum ImageExportFormat
{
    /// <summary>A folder in the OCI image layout.</summary>
    OciLayout,
    /// <summary>A tar of an OCI image layout.</summary>
    OciArchive,
    /// <summary>A tar as "docker save" writes it; its layers are not compressed.</summary>
    DockerArchive,
}

/// <summary>An image that is to be written.</summary>
/// <param name="Image">The image.</param>
/// <param name="Tags">The tags to write with it: "tomcat:9".</param>
public sealed record ImageToExport(Image Image, IReadOnlyList<string> Tags);

/// <summary>How images are exported.</summary>
public sealed record ExportOptions
{
    /// <summary>The form that the images get.</summary>
    public ImageExportFormat Format { get; init; } = ImageExportFormat.OciLayout;

    /// <summary>Images that the receiver has: their layers are left out.</summary>
    public IReadOnlyList<Image> Excluding { get; init; } = [];

    /// <summary>Replace the file, or the OCI image layout, that is there.</summary>
    public bool Force { get; init; }
}
