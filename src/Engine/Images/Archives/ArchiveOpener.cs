using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Opens what a user gives as an archive of images, if it is one. A compressed archive is decompressed once into a
/// scratch folder, since its files are asked for in no order; a compressed root file system is not.
/// </summary>
internal static class ArchiveOpener
{
    private const int BufferSize = 1 << 20;

    // gzip shrinks zeros to a thousandth: a small file must not fill the disk.
    private const long LargestExpansion = 200, FreeExpansion = 4L << 30;

    /// <summary>Opens it; null when it is a root file system.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="scratch">Where to decompress to.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="LayerImageException">PathInvalid, ToolMissing, LayerInvalid, ManifestInvalid or DiskFull.</exception>
    public static async Task<IArchiveFiles?> TryOpenAsync(string path, ScratchFolder scratch, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            return LayoutFolder.Is(path) ? new LayoutFolder(path) : null;
        }
        if (!File.Exists(path))
        {
            throw new LayerImageException(EngineError.PathInvalid, $"There is no folder or file '{path}' to import.")
            { Target = path, Advice = "Give an archive of images, or the folder or tar of a root file system." };
        }
        if (new FileInfo(path).Length == 0)
        {
            throw ArchiveErrors.Invalid(path, "it is empty");
        }
        Stream source = ArchiveCompression.Open(path, out bool isPlain);
        await using (source.ConfigureAwait(false))
        {
            if (isPlain && source.CanSeek)
            {
                return TarArchive.TryOpen(path, path, cancellationToken);
            }
            string tar = Path.Combine(scratch.Path, "archive");
            return await TryDecompressAsync(path, source, tar, cancellationToken).ConfigureAwait(false)
                ? TarArchive.TryOpen(tar, path, cancellationToken)
                : null;
        }
    }

    // False as soon as it is clear that this is a root file system.
    private static async Task<bool> TryDecompressAsync(string path, Stream source, string destination, CancellationToken cancellationToken)
    {
        try
        {
            using Stream plain = Decompression.Open(source, out _);
            byte[] buffer = new byte[BufferSize];
            int read = await plain.ReadAtLeastAsync(buffer, BufferSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (!TarArchive.MayBegin(buffer, read))
            {
                return false;
            }
            long most = Math.Max(FreeExpansion, LargestExpansion * new FileInfo(path).Length), done = 0;
            FileStream target = new(destination, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
            await using (target.ConfigureAwait(false))
            {
                for (; read > 0; read = await plain.ReadAsync(buffer, cancellationToken).ConfigureAwait(false))
                {
                    done += read;
                    if (done > most)
                    {
                        throw ArchiveErrors.Invalid(path, $"it expands to more than {LargestExpansion} times its size");
                    }
                    await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
            }
            return true;
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw ArchiveErrors.Invalid(path, "its compression is malformed: " + e.Message, e);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, destination);
        }
    }
}
