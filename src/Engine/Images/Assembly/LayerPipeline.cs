using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images;

/// <summary>What came out of a layer's blob.</summary>
/// <param name="DiffId">The digest of the tar.</param>
/// <param name="TarSize">Its bytes.</param>
/// <param name="Unpacked">What unpacking found; null when it was only hashed.</param>
internal sealed record PipelineResult(Digest DiffId, long TarSize, UnpackResult? Unpacked);

/// <summary>
/// The stages from a compressed blob to an unpacked layer, side by side: the blob's file grows (the caller's task), one
/// thread reads right behind it and decompresses, one hashes the tar and unpacks it.
/// </summary>
internal static class LayerPipeline
{
    /// <summary>Runs the stages on a file that nobody vouches for: what comes out is what it is.</summary>
    /// <param name="file">A tar, compressed or not.</param>
    /// <param name="directory">Where to unpack; null to hash only.</param>
    /// <param name="cancellationToken">Ends all stages.</param>
    public static Task<PipelineResult> RunAsync(string file, string? directory, CancellationToken cancellationToken) => RunAsync(file, (grown, _) =>
    {
        grown(new FileInfo(file).Length);
        return Task.CompletedTask;
    }, directory, cancellationToken);

    /// <summary>Runs the stages on a blob.</summary>
    /// <param name="blob">Its file.</param>
    /// <param name="source">Fills the file and checks it, telling how far it is, and then the next stage follows; its failure is the pipeline's.</param>
    /// <param name="directory">Where to unpack; null to hash only.</param>
    /// <param name="cancellationToken">Ends all stages.</param>
    /// <param name="mayUnpack">Counts bytes of tar that come out; false when they are too many. Null: all.</param>
    public static Task<PipelineResult> RunAsync(
        string blob,
        Func<Action<long>, CancellationToken, Task> source,
        string? directory,
        CancellationToken cancellationToken,
        Func<int, bool>? mayUnpack = null) =>
        ReadAsync(blob, source, (tar, token) => directory is null ? null : LayerUnpacker.Unpack(tar, directory, token), cancellationToken, mayUnpack);

    /// <summary>Runs the stages on a blob whose tar somebody else reads, on the last stage's thread. See the other form.</summary>
    public static async Task<PipelineResult> ReadAsync(
        string blob,
        Func<Action<long>, CancellationToken, Task> source,
        Func<Stream, CancellationToken, UnpackResult?> read,
        CancellationToken cancellationToken,
        Func<int, bool>? mayUnpack = null)
    {
        GrowingFile compressed = new(blob);
        BlockPipe tar = new();
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task receive = FillAsync(compressed, source, failed.Token);
        Task decompress = StartThread(() => Decompress(compressed, tar, mayUnpack));
        Task<PipelineResult> unpack = StartThread(() => Read(tar, read, failed.Token));
        try
        {
            // The order of blame: a wrong or cut-off blob explains what follows from it.
            await receive.ConfigureAwait(false);
            await decompress.ConfigureAwait(false);
            return await unpack.ConfigureAwait(false);
        }
        catch
        {
            await failed.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(receive, decompress, unpack).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private static async Task FillAsync(GrowingFile file, Func<Action<long>, CancellationToken, Task> source, CancellationToken cancellationToken)
    {
        try
        {
            await source(file.Grown, cancellationToken).ConfigureAwait(false);
            file.Complete(null);
        }
        catch (Exception e)
        {
            file.Complete(e);
            throw;
        }
    }

    private static void Decompress(GrowingFile compressed, BlockPipe tar, Func<int, bool>? mayUnpack)
    {
        try
        {
            using Stream source = compressed.OpenReader();
            using Stream plain = Decompression.Open(source, out _);
            while (tar.Take() is byte[] block)
            {
                int length = plain.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
                if (mayUnpack?.Invoke(length) == false)
                {
                    throw new LayerImageException(EngineError.LayerTooLarge,
                        "The layer, or all of the image's together, unpack to more than is allowed for blobs of their size.")
                    {
                        Advice = "It may be a trap that fills the disk. If you trust who made the image, receive it with -NoSizeLimit.",
                    };
                }
                tar.Give(block, length);
                if (length < block.Length)
                {
                    break;
                }
            }
            // Taken none: the unpacker has given up, and says why itself.
            tar.Complete();
        }
        catch (Exception e)
        {
            Exception failure = Decompression.IsMalformed(e) ? Decompression.Malformed(e) : e;
            tar.Complete(failure);
            if (ReferenceEquals(failure, e))
            {
                throw;
            }
            throw failure;
        }
    }

    private static PipelineResult Read(BlockPipe tar, Func<Stream, CancellationToken, UnpackResult?> read, CancellationToken cancellationToken)
    {
        try
        {
            using HashingStream hashed = new(tar.Reader);
            UnpackResult? unpacked = read(hashed, cancellationToken);
            byte[] rest = new byte[64 << 10]; // what follows the archive's end belongs to the digest too
            while (hashed.Read(rest) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            return new PipelineResult(hashed.GetDigest(), hashed.Count, unpacked);
        }
        catch (EndOfStreamException e)
        {
            throw new LayerImageException(EngineError.LayerInvalid, "The layer's tar ends early.", e);
        }
        finally
        {
            tar.Abandon();
        }
    }

    private static Task StartThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> StartThread<T>(Func<T> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
