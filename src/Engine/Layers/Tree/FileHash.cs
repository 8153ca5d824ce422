using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Hashes (SHA-256) an open file from its beginning.</summary>
internal static class FileHash
{
    /// <param name="file">The file.</param>
    /// <param name="size">How much of it at most: what somebody appends meanwhile would never end.</param>
    /// <param name="buffer">Room to read into; what is in it is lost.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static byte[] Of(SafeFileHandle file, long size, byte[] buffer, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long offset = 0;
        for (int read; (read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, size - offset)), offset)) > 0; offset += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }
        return hash.GetHashAndReset();
    }
}
