using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Bytes of a file that never changes, read in blocks of which a bounded number is kept. The file is open only while a
/// block is read, so that a session holds no store's disk. Thread-safe.
/// </summary>
internal sealed class IndexBytes(string path, long length)
{
    private const int BlockSize = 64 << 10, MostBlocks = 128;
    private readonly Dictionary<long, byte[]> _blocks = [];
    private readonly Lock _lock = new();

    /// <summary>Fills a buffer.</summary>
    public void Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset > length - buffer.Length)
        {
            throw Damaged(null);
        }
        while (buffer.Length > 0)
        {
            ReadOnlySpan<byte> block = Block(offset / BlockSize).AsSpan((int)(offset % BlockSize));
            int count = Math.Min(block.Length, buffer.Length);
            block[..count].CopyTo(buffer);
            offset += count;
            buffer = buffer[count..];
        }
    }

    private byte[] Block(long number)
    {
        lock (_lock)
        {
            if (_blocks.TryGetValue(number, out byte[]? known))
            {
                return known;
            }
            byte[] block = Load(number * BlockSize);
            if (_blocks.Count >= MostBlocks)
            {
                _blocks.Clear();
            }
            return _blocks[number] = block;
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
