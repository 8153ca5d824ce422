namespace LayerImage.Engine.Oci;

/// <summary>The media types of OCI (image-spec, media-types.md) and of Docker's schema 2.</summary>
public static class MediaTypes
{
#pragma warning disable CS1591 // The names say it.
    public const string OciIndex = "application/vnd.oci.image.index.v1+json";
    public const string OciManifest = "application/vnd.oci.image.manifest.v1+json";
    public const string OciConfig = "application/vnd.oci.image.config.v1+json";
    public const string OciLayer = "application/vnd.oci.image.layer.v1.tar";
    public const string OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    public const string OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    public const string DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json";
    public const string DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws";
#pragma warning restore CS1591

    /// <summary>Whether a media type is that of a layer that need not be in the registry, since its licence forbids to distribute it.</summary>
    public static bool IsForeign(string? mediaType) =>
        mediaType is not null
            && (mediaType.StartsWith("application/vnd.oci.image.layer.nondistributable.v1.tar", StringComparison.Ordinal)
                || mediaType == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");

    /// <summary>Whether a media type is that of an index (a list of manifests by platform).</summary>
    public static bool IsIndex(string? mediaType) => mediaType is OciIndex or DockerIndex;

    /// <summary>Whether a media type is that of one image's manifest.</summary>
    public static bool IsManifest(string? mediaType) => mediaType is OciManifest or DockerManifest;

    /// <summary>
    /// Whether it is the configuration of a container image, not of some other artifact. The last four are what registries and
    /// docker itself wrote by mistake, and what every engine takes since (moby, distribution/config.go "ImageTypes").
    /// </summary>
    public static bool IsImageConfig(string? mediaType) =>
        mediaType is OciConfig or DockerConfig or "application/octet-stream" or "application/json" or "text/html" or "" or null;

    /// <summary>OCI's name for a layer, as Docker's layer types have OCI twins for the same bytes; null for what is no layer's type.</summary>
    internal static string? OciLayerOf(string? mediaType) => mediaType switch
    {
        DockerLayerGzip => OciLayerGzip,
        DockerLayer => OciLayer,
        OciLayer or OciLayerGzip or OciLayerZstd => mediaType,
        _ => IsForeign(mediaType) ? mediaType : null,
    };
}
