using System.Security.Cryptography;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Copies a stream of the store and checks what passes. Reading (and decompressing), hashing and writing go side by side.</summary>
internal static class VerifiedCopy
{
    private const int BufferSize = 1 << 20;

    /// <summary>Copies a blob and fails unless its content has the digest.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="digest">What they must be.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="progress">Told the bytes done so far.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>: they are not.</exception>
    public static async Task CopyAsync(Stream source, Digest digest, Stream target, Action<long> progress, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = digest.CreateHash();
        byte[] current = new byte[BufferSize], next = new byte[BufferSize];
        long done = 0;
        int count = await Task.Run(() => source.ReadAtLeast(current, BufferSize, throwOnEndOfStream: false), cancellationToken).ConfigureAwait(false);
        while (count > 0)
        {
            byte[] full = current, free = next;
            int length = count;
            Task hashing = Task.Run(() => hash.AppendData(full, 0, length), CancellationToken.None);
            Task<int> reading = Task.Run(() => source.ReadAtLeast(free, BufferSize, throwOnEndOfStream: false), CancellationToken.None);
            try
            {
                await target.WriteAsync(full.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // They use what would be disposed.
                await Task.WhenAll(hashing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            count = await reading.ConfigureAwait(false);
            done += length;
            progress(done);
            (current, next) = (free, full);
        }
        if (!digest.Matches(hash.GetCurrentHash()))
        {
            throw ContentStore.Corrupt(digest, null);
        }
    }
}
