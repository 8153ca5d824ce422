namespace LayerImage.Engine.IO;

/// <summary>
/// Hands bytes from one thread to another in a few large blocks, which are used again and again: who is faster waits,
/// and the memory in between is bounded. One writer, one reader.
/// </summary>
internal sealed class BlockPipe
{
    private const int BlockSize = 256 << 10;
    private const int MostBlocks = 8;
    private readonly Queue<(byte[] Block, int Length)> _full = new();
    private readonly Stack<byte[]> _free = new();
    private int _blocks;
    private bool _isComplete, _isAbandoned;
    private Exception? _failure;

    public BlockPipe() => Reader = new BlockPipeReader(this);

    /// <summary>What the reader reads. It fails as the writer did; its end is the writer's.</summary>
    public Stream Reader { get; }

    /// <summary>A block to fill; waits for one. Null when the reader has given up and wants no more.</summary>
    public byte[]? Take()
    {
        lock (_full)
        {
            while (!_isAbandoned)
            {
                if (_free.TryPop(out byte[]? block))
                {
                    return block;
                }
                if (_blocks < MostBlocks)
                {
                    _blocks++;
                    return GC.AllocateUninitializedArray<byte>(BlockSize);
                }
                Monitor.Wait(_full);
            }
            return null;
        }
    }

    /// <summary>Hands a block of bytes on to who reads.</summary>
    public void Give(byte[] block, int length)
    {
        lock (_full)
        {
            _full.Enqueue((block, length));
            Monitor.PulseAll(_full);
        }
    }

    /// <summary>The writer's end, or its failure, which the reader meets after the blocks given before. The first call counts.</summary>
    public void Complete(Exception? failure = null)
    {
        lock (_full)
        {
            if (!_isComplete)
            {
                _isComplete = true;
                _failure = failure;
                Monitor.PulseAll(_full);
            }
        }
    }

    /// <summary>The reader's end: the writer need not go on.</summary>
    public void Abandon()
    {
        lock (_full)
        {
            _isAbandoned = true;
            Monitor.PulseAll(_full);
        }
    }

    // The next block; null at the end.
    private (byte[] Block, int Length)? Next(byte[]? used)
    {
        lock (_full)
        {
            if (used is not null)
            {
                _free.Push(used);
                Monitor.PulseAll(_full);
            }
            while (true)
            {
                if (_full.TryDequeue(out (byte[], int) next))
                {
                    return next;
                }
                if (_isComplete)
                {
                    return _failure is null ? null : throw _failure;
                }
                Monitor.Wait(_full);
            }
        }
    }

    private sealed class BlockPipeReader(BlockPipe pipe) : ReadOnlyStream
    {
        private byte[]? _block;
        private int _position, _length;

        public override int Read(Span<byte> buffer)
        {
            if (_position == _length)
            {
                byte[]? used = _block;
                _block = null;
                if (pipe.Next(used) is not (byte[] block, int length))
                {
                    return 0;
                }
                (_block, _position, _length) = (block, 0, length);
            }
            int count = Math.Min(buffer.Length, _length - _position);
            _block.AsSpan(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }
    }
}
