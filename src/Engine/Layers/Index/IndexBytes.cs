using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Bytes of a file that never changes, read in blocks. The file is open only while a block is read, so that a session holds no
/// store's disk. Thread-safe.
/// </summary>
internal sealed class IndexBytes(string path, long length, IndexCache cache)
{
    private const int BlockSize = IndexCache.BlockSize;

    /// <summary>Fills a buffer.</summary>
    public void Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > length - buffer.Length)
        {
            throw Damaged(null);
        }
        while (buffer.Length > 0)
        {
            ReadOnlySpan<byte> block = cache.Get(this, offset / BlockSize, Load).AsSpan((int)(offset % BlockSize));
            int count = Math.Min(block.Length, buffer.Length);
            block[..count].CopyTo(buffer);
            offset += count;
            buffer = buffer[count..];
        }
    }

    private byte[] Load(long offset)
    {
        byte[] block = new byte[Math.Min(BlockSize, length - offset)];
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            for (int done = 0, read; done < block.Length; done += read)
            {
                if ((read = RandomAccess.Read(file, block.AsSpan(done), offset + done)) == 0)
                {
                    throw Damaged(null);
                }
            }
            return block;
        }
        catch (IOException e)
        {
            throw Damaged(e);
        }
    }

    private LayerImageException Damaged(Exception? inner) => new(EngineError.LayerCorrupt, "The index of a layer was removed or damaged while it was read.", inner)
    { Target = path, Advice = "Look again: it is made anew. If the image was removed, it is gone." };
}
