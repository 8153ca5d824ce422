namespace LayerImage.Engine.Layers;

/// <summary>
/// Blocks of index files that were read lately: a bounded number for all files together, however many layers a session looks
/// into. Thread-safe.
/// </summary>
/// <param name="mostBlocks">How many are kept.</param>
internal sealed class IndexCache(int mostBlocks = 512)
{
    /// <summary>Bytes of a block, but for a file's last.</summary>
    public const int BlockSize = 64 << 10;

    private readonly Dictionary<(IndexBytes File, long Number), byte[]> _blocks = [];
    private readonly Lock _lock = new();

    /// <summary>Blocks that are kept now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _blocks.Count;
            }
        }
    }

    /// <summary>A block of a file; it is read where it is not kept.</summary>
    public byte[] Get(IndexBytes file, long number, Func<long, byte[]> read)
    {
        lock (_lock)
        {
            if (_blocks.TryGetValue((file, number), out byte[]? known))
            {
                return known;
            }
        }
        byte[] block = read(number * BlockSize);
        lock (_lock)
        {
            if (_blocks.Count >= mostBlocks)
            {
                _blocks.Clear();
            }
            return _blocks[(file, number)] = block;
        }
    }
}
