using LayerImage.Engine.Content;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>The blob of a layer as OCI's manifests name it.</summary>
internal static class OciLayerBlob
{
    /// <summary>The media type of a layer of a compression.</summary>
    public static string MediaTypeOf(LayerCompression compression) => compression switch
    {
        LayerCompression.Gzip => MediaTypes.OciLayerGzip,
        LayerCompression.Zstd => MediaTypes.OciLayerZstd,
        _ => MediaTypes.OciLayer,
    };

    /// <summary>The descriptor of a stored image's layer that has a blob. Where its writer named no layer's type the bytes tell.</summary>
    public static Descriptor Describe(ImageLayer layer, ContentStore content)
    {
        Digest digest = Digest.Parse(layer.Digest!);
        return new Descriptor
        {
            MediaType = MediaTypes.OciLayerOf(layer.MediaType) ?? MediaTypeOf(Look(content, digest)),
            Digest = digest,
            Size = layer.DownloadSize,
        };
    }

    private static LayerCompression Look(ContentStore content, Digest digest)
    {
        using FileStream file = content.Open(digest);
        using Stream tar = Decompression.Open(file, out LayerCompression compression);
        return compression;
    }
}
