using System.Buffers.Binary;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Writes gzip (RFC 1952) on all cores: blocks are deflated side by side and joined to one member, as pigz does it. The
/// bytes depend on the content only, not on the cores or the sizes of the writes. Memory: some 2 MiB for each core.
/// <see cref="Finish"/> ends the member; disposing it without is giving up.
/// </summary>
/// <param name="destination">Takes the compressed bytes, on the writer's thread; it is left open.</param>
/// <param name="cancellationToken">Ends the work between two blocks.</param>
/// <param name="cores">How many blocks are deflated at once; null for as many as there are cores.</param>
internal sealed class ParallelGzipStream(Stream destination, CancellationToken cancellationToken, int? cores = null) : Stream
{
    private const int MostCores = 32;

    private readonly int _most = Math.Clamp(cores ?? Environment.ProcessorCount, 1, MostCores) + 1; // one waits its turn
    private readonly Queue<(GzipBlock Block, Task Work)> _atWork = new();
    private readonly Stack<GzipBlock> _free = new();
    private GzipBlock? _filling;
    private uint _crc;
    private long _length;
    private bool _started;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            _filling ??= _free.TryPop(out GzipBlock? free) ? free : new GzipBlock();
            buffer = buffer[_filling.Add(buffer)..];
            if (_filling.Length == GzipBlock.Size)
            {
                Start();
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Writes all that is left, and the member's end. Nothing can be written after it.</summary>
    public void Finish()
    {
        if (_filling is not null)
        {
            Start();
        }
        while (_atWork.Count > 0)
        {
            WriteOldest();
        }
        WriteHeader(); // of an empty stream
        // The last block: fixed codes, nothing in it (RFC 1951, 3.2.3); then CRC-32 and the length modulo 2^32.
        Span<byte> end = [0x03, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(end[2..], _crc);
        BinaryPrimitives.WriteUInt32LittleEndian(end[6..], unchecked((uint)_length));
        destination.Write(end);
    }

    /// <summary>Does nothing: a block that ended here would make the bytes depend on it.</summary>
    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _atWork.Count > 0)
        {
            Task.WhenAll(_atWork.Select(entry => entry.Work)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            _atWork.Clear();
        }
        base.Dispose(disposing);
    }

    private void Start()
    {
        cancellationToken.ThrowIfCancellationRequested();
        GzipBlock block = _filling!;
        _filling = null;
        _atWork.Enqueue((block, Task.Run(block.Deflate, CancellationToken.None)));
        if (_atWork.Count == _most)
        {
            WriteOldest();
        }
    }

    private void WriteOldest()
    {
        (GzipBlock block, Task work) = _atWork.Dequeue();
        work.GetAwaiter().GetResult();
        cancellationToken.ThrowIfCancellationRequested();
        WriteHeader();
        destination.Write(block.Deflated);
        _crc = Crc32.Combine(_crc, block.Crc, block.Length);
        _length += block.Length;
        block.Clear();
        _free.Push(block);
    }

    // No name, no time, no system: the same content is the same blob.
    private void WriteHeader()
    {
        if (!_started)
        {
            _started = true;
            destination.Write([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff]);
        }
    }
}
