using System.Buffers;
using System.Net;
using LayerImage.Engine.Content;
using LayerImage.Engine.Oci;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images;

/// <summary>A part of a blob as the body of a request: read, looked at and written side by side, in large pieces.</summary>
/// <param name="digest">The blob's, for messages.</param>
/// <param name="file">The blob.</param>
/// <param name="offset">Where the part begins.</param>
/// <param name="length">Its bytes.</param>
/// <param name="seen">Shown each piece and its offset, while it is on its way.</param>
internal sealed class BlobContent(Digest digest, SafeFileHandle file, long offset, long length, Action<long, ReadOnlyMemory<byte>> seen) : HttpContent
{
    private const int PieceSize = 256 << 10;

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        byte[] filling = ArrayPool<byte>.Shared.Rent(PieceSize), sending = ArrayPool<byte>.Shared.Rent(PieceSize);
        Task sent = Task.CompletedTask;
        try
        {
            for (long done = 0; done < length;)
            {
                int wanted = (int)Math.Min(PieceSize, length - done);
                int read = await RandomAccess.ReadAsync(file, filling.AsMemory(0, wanted), offset + done, cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    throw ContentStore.Corrupt(digest, null);
                }
                await sent.ConfigureAwait(false);
                (filling, sending) = (sending, filling);
                ReadOnlyMemory<byte> piece = sending.AsMemory(0, read);
                sent = stream.WriteAsync(piece, cancellationToken).AsTask();
                seen(offset + done, piece);
                done += read;
            }
            await sent.ConfigureAwait(false);
        }
        finally
        {
            // A buffer that is still being written from must not be lent to another.
            await sent.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(sending);
        }
    }
}
