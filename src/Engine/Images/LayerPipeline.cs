using System.IO.Pipelines;
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
/// The stages from a compressed blob to an unpacked layer, side by side: bytes come in (the caller's task), one
/// thread decompresses, one hashes the tar and unpacks it. Bounded buffers between them hold back who is faster.
/// </summary>
internal static class LayerPipeline
{
    private static readonly PipeOptions s_buffers = new(pauseWriterThreshold: 2 << 20, resumeWriterThreshold: 1 << 20, minimumSegmentSize: 64 << 10, useSynchronizationContext: false);

    /// <summary>Runs all stages.</summary>
    /// <param name="source">Writes the blob's bytes and checks them; its failure is the pipeline's.</param>
    /// <param name="directory">Where to unpack; null to hash only.</param>
    /// <param name="cancellationToken">Ends all stages.</param>
    /// <param name="mostBytes">How many bytes of tar may come out.</param>
    public static async Task<PipelineResult> RunAsync(Func<PipeWriter, CancellationToken, Task> source, string? directory, CancellationToken cancellationToken, long mostBytes = long.MaxValue)
    {
        Pipe compressed = new(s_buffers), tar = new(s_buffers);
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task receive = CompleteAsync(compressed.Writer, () => source(compressed.Writer, failed.Token));
        Task decompress = StartThread(() => Decompress(compressed.Reader, tar.Writer, mostBytes));
        Task<PipelineResult> unpack = StartThread(() => Unpack(tar.Reader, directory, failed.Token));
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

    private static async Task CompleteAsync(PipeWriter writer, Func<Task> body)
    {
        Exception? failure = null;
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = e;
            throw;
        }
        finally
        {
            await writer.CompleteAsync(failure).ConfigureAwait(false);
        }
    }

    private static void Decompress(PipeReader compressed, PipeWriter tar, long left)
    {
        Exception? failure = null;
        try
        {
            using Stream source = compressed.AsStream(leaveOpen: true);
            using Stream plain = Decompression.Open(source, out _);
            while (true)
            {
                Memory<byte> buffer = tar.GetMemory(64 << 10);
                int read = plain.Read(buffer.Span);
                if (read == 0)
                {
                    break;
                }
                left -= read;
                if (left < 0)
                {
                    throw new LayerImageException(EngineError.LayerTooLarge, "The layer unpacks to more than is allowed for a blob of its size.") { Advice = "It may be a trap that fills the disk. If you trust who made the image, receive it with -NoSizeLimit." };
                }
                tar.Advance(read);
                FlushResult flushed = Wait(tar.FlushAsync());
                if (flushed.IsCompleted)
                {
                    break; // The unpacker has given up and says why itself.
                }
            }
        }
        catch (Exception e)
        {
            failure = Decompression.IsMalformed(e) ? Decompression.Malformed(e) : e;
            if (ReferenceEquals(failure, e))
            {
                throw;
            }
            throw failure;
        }
        finally
        {
            tar.Complete(failure);
            compressed.Complete();
        }
    }

    private static PipelineResult Unpack(PipeReader tar, string? directory, CancellationToken cancellationToken)
    {
        try
        {
            using HashingStream hashed = new(tar.AsStream(leaveOpen: true));
            UnpackResult? unpacked = directory is null ? null : LayerUnpacker.Unpack(hashed, directory, cancellationToken);
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
            tar.Complete();
        }
    }

    private static Task StartThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> StartThread<T>(Func<T> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static FlushResult Wait(ValueTask<FlushResult> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
