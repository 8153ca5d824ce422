using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Makes a layer's blob of a root file system without unpacking anything: a tar is kept as it is, gzip and zstd
/// included, and read once for both its digests; a folder is written as a tar.
/// </summary>
internal static class RootFileSystemBlob
{
    /// <summary>Makes the blob in a scratch folder.</summary>
    /// <exception cref="LayerImageException">LayerInvalid: it is no tar; DiskFull.</exception>
    public static Task<(Digest DiffId, Descriptor Blob, string File)> MakeAsync(string path, ScratchFolder scratch, CancellationToken cancellationToken) =>
        Task.Run(() => Make(path, Path.Combine(scratch.Path, "blob"), cancellationToken), cancellationToken);

    private static (Digest DiffId, Descriptor Blob, string File) Make(string path, string file, CancellationToken cancellationToken)
    {
        try
        {
            using FileStream target = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
            using HashingStream blob = new(target);
            (Digest diffId, LayerCompression compression) = Directory.Exists(path)
                ? (WriteFolder(path, blob, cancellationToken), LayerCompression.None)
                : CopyTar(path, blob, cancellationToken);
            string mediaType = compression switch
            {
                LayerCompression.Gzip => MediaTypes.OciLayerGzip,
                LayerCompression.Zstd => MediaTypes.OciLayerZstd,
                _ => MediaTypes.OciLayer,
            };
            return (diffId, new Descriptor { MediaType = mediaType, Digest = blob.GetDigest(), Size = blob.Count }, file);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, file);
        }
    }

    private static Digest WriteFolder(string path, HashingStream blob, CancellationToken cancellationToken)
    {
        if (HostSystem.IsLinux)
        {
            return TreeTar.Write(path, includeRoot: true, blob, cancellationToken).DiffId;
        }
        PortableTree.Write(path, blob, cancellationToken);
        return blob.GetDigest();
    }

    private static (Digest DiffId, LayerCompression Compression) CopyTar(string path, HashingStream blob, CancellationToken cancellationToken)
    {
        using Stream source = ArchiveCompression.Open(path, out _);
        using CopyingReadStream copied = new(new BufferedStream(source, 1 << 20), blob);
        using Stream plain = Decompression.Open(copied, out LayerCompression compression);
        using HashingStream tar = new(plain);
        try
        {
            TarReader reader = new(tar);
            while (reader.Next() is not null)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            Drain(tar);
            Drain(copied);
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw Decompression.Malformed(e);
        }
        return (tar.GetDigest(), compression);
    }

    // What follows an archive's end belongs to the digests too.
    private static void Drain(Stream stream)
    {
        byte[] rest = new byte[64 << 10];
        while (stream.Read(rest) > 0)
        {
        }
    }
}
