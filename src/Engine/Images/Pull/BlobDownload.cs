using System.Buffers;
using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images;

/// <summary>
/// Receives one blob into its partial file. What an earlier process received is read from the file first, so a transfer
/// goes on where it ended. A wrong digest deletes the file.
/// </summary>
internal sealed class BlobDownload(RegistryClient client, Descriptor descriptor, string partial, RetryPolicy retry)
{
    private const int BufferSize = 128 << 10;

    /// <summary>Receives the whole blob; told the bytes that the file has after each piece.</summary>
    /// <exception cref="LayerImageException">The registry's or the disk's failure. The partial file stays, unless the digest is wrong.</exception>
    public async Task RunAsync(Action<long> grown, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = descriptor.Digest.CreateHash();
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            using SafeFileHandle file = File.OpenHandle(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            long done = Replay(file, hash, buffer, grown, cancellationToken);
            for (int failures = 0; done < descriptor.Size;)
            {
                (long reached, Exception? broken) = await ReceiveAsync(file, done, hash, buffer, grown, cancellationToken).ConfigureAwait(false);
                failures = reached > done ? 1 : failures + 1; // who gets further may go on for ever
                done = reached;
                if (done < descriptor.Size && failures > retry.Count)
                {
                    throw done > 0 && broken?.InnerException is not TimeoutException
                        ? client.Sizes(descriptor, done)
                        : client.Unreachable(broken ?? new EndOfStreamException("it ended its answer early"));
                }
                if (done < descriptor.Size)
                {
                    await retry.WaitAsync(failures, null, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        byte[] found = hash.GetCurrentHash();
        if (!descriptor.Digest.Matches(found))
        {
            File.Delete(partial);
            throw client.WrongDigest(descriptor.Digest, $"{descriptor.Digest.Algorithm}:{Convert.ToHexStringLower(found)}");
        }
    }

    private long Replay(SafeFileHandle file, IncrementalHash hash, byte[] buffer, Action<long> grown, CancellationToken cancellationToken)
    {
        if (RandomAccess.GetLength(file) > descriptor.Size)
        {
            RandomAccess.SetLength(file, 0);
        }
        long done = 0;
        for (int read; (read = RandomAccess.Read(file, buffer.AsSpan(0, BufferSize), done)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            done += read;
            hash.AppendData(buffer, 0, read);
            grown(done);
        }
        return done;
    }

    // One answer of the registry: how far it got, and what broke it off.
    private async Task<(long Done, Exception? Broken)> ReceiveAsync(
        SafeFileHandle file,
        long done,
        IncrementalHash hash,
        byte[] buffer,
        Action<long> grown,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await (MediaTypes.IsForeign(descriptor.MediaType) && descriptor.Urls is { Count: > 0 }
            ? client.OpenForeignAsync(descriptor, done, cancellationToken)
            : client.OpenBlobAsync(descriptor.Digest, done, cancellationToken)).ConfigureAwait(false);
        // A registry that does not know ranges sends the whole, or begins earlier: what is here already is skipped.
        BlobRange range = BlobRange.Of(response, done) ?? new BlobRange(0, null, null);
        long skip = done - range.From;
        // An answer of another length is another thing (a login page): not a byte of it may stay to go on from.
        if ((range.Total is long total && total != descriptor.Size) || range.From + range.Length > descriptor.Size
            || (response.Content.Headers.ContentLength is long length && length != (range.Length ?? length)))
        {
            throw client.Sizes(descriptor, response.Content.Headers.ContentLength ?? range.Total ?? 0);
        }
        Writeback writeback = new(file);
        try
        {
            Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                using PatientReader reader = new(body, retry, cancellationToken);
                for (int read; (read = await reader.ReadAsync(buffer.AsMemory(0, BufferSize)).ConfigureAwait(false)) > 0;)
                {
                    int skipped = (int)Math.Min(skip, read);
                    skip -= skipped;
                    ReadOnlyMemory<byte> piece = buffer.AsMemory(skipped, read - skipped);
                    if (done + piece.Length > descriptor.Size)
                    {
                        throw client.Sizes(descriptor, done + piece.Length);
                    }
                    Write(file, piece.Span, done);
                    done += piece.Length;
                    writeback.Grown(done);
                    hash.AppendData(piece.Span);
                    grown(done);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException || (e is IOException io && !DiskFull.Is(io)))
        {
            return (done, e);
        }
        return (done, null);
    }

    // Into the page cache: quicker than to ask the thread pool for it.
    private static void Write(SafeFileHandle file, ReadOnlySpan<byte> piece, long offset)
    {
        try
        {
            RandomAccess.Write(file, piece, offset);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, null);
        }
    }
}
