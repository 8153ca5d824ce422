using System.IO.Compression;
using LayerImage.Testing.Registry;

namespace LayerImage.Testing.Images;

/// <summary>How a layer's tar is packed.</summary>
public enum LayerCompression
{
    /// <summary>As it is.</summary>
    None,
    /// <summary>gzip.</summary>
    Gzip,
}

/// <summary>A layer: its tar and the bytes that travel.</summary>
/// <param name="Tar">The tar; its digest is the DiffID.</param>
/// <param name="Blob">The bytes that travel; their digest is in the manifest.</param>
/// <param name="Compression">How they are packed.</param>
public sealed record LayerBlob(byte[] Tar, byte[] Blob, LayerCompression Compression)
{
    /// <summary>Digest of the tar.</summary>
    public string DiffId => RegistryServer.DigestOf(Tar);

    /// <summary>Digest of the bytes that travel.</summary>
    public string Digest => RegistryServer.DigestOf(Blob);

    /// <summary>Packs a tar.</summary>
    public static LayerBlob From(byte[] tar, LayerCompression compression)
    {
        if (compression == LayerCompression.None)
        {
            return new LayerBlob(tar, tar, compression);
        }
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(tar);
        }
        return new LayerBlob(tar, packed.ToArray(), compression);
    }
}
