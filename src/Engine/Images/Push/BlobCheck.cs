using System.Security.Cryptography;
using LayerImage.Engine.Content;
using LayerImage.Engine.Oci;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images;

/// <summary>
/// Hashes a stored blob while it is sent, in order and each byte once, whatever is sent twice or left out because the
/// registry has it already.
/// </summary>
internal sealed class BlobCheck(Descriptor blob, SafeFileHandle file) : IDisposable
{
    private readonly IncrementalHash _hash = blob.Digest.CreateHash();
    private long _done;

    /// <summary>Takes a piece that is on its way.</summary>
    public void Add(long offset, ReadOnlySpan<byte> piece)
    {
        ReadUpTo(offset);
        if (offset + piece.Length > _done)
        {
            ReadOnlySpan<byte> rest = piece[(int)(_done - offset)..];
            _hash.AppendData(rest);
            _done += rest.Length;
        }
    }

    /// <summary>Whether the whole blob is what its digest says.</summary>
    public bool IsRight()
    {
        ReadUpTo(blob.Size);
        return blob.Digest.Matches(_hash.GetCurrentHash());
    }

    public void Dispose() => _hash.Dispose();

    // What an earlier process sent.
    private void ReadUpTo(long offset)
    {
        byte[] buffer = _done < offset ? new byte[256 << 10] : [];
        while (_done < offset)
        {
            int read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, offset - _done)), _done);
            if (read == 0)
            {
                throw ContentStore.Corrupt(blob.Digest, null);
            }
            _hash.AppendData(buffer, 0, read);
            _done += read;
        }
    }
}
