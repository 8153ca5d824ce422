using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>
/// A file that one task writes from front to back and a thread reads right behind it: the writer is never held back,
/// nothing is kept in memory, and what an earlier process wrote is simply there.
/// </summary>
internal sealed class GrowingFile(string path)
{
    private readonly Lock _gate = new();
    private readonly ManualResetEventSlim _changed = new(false, spinCount: 0);
    private long _length;
    private bool _isComplete;
    private Exception? _failure;

    /// <summary>The file has so many bytes now. Never fewer than before.</summary>
    public void Grown(long length)
    {
        lock (_gate)
        {
            _length = Math.Max(length, _length);
            _changed.Set();
        }
    }

    /// <summary>The file grows no more; a failure is the reader's, too.</summary>
    public void Complete(Exception? failure)
    {
        lock (_gate)
        {
            _isComplete = true;
            _failure = failure;
            _changed.Set();
        }
    }

    /// <summary>Reads from the beginning; waits at the end until there is more. The file need not exist before the first byte.</summary>
    public Stream OpenReader() => new Follower(this);

    // How many bytes may be read from an offset on; 0 at the end.
    private long WaitBeyond(long offset)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_failure is not null)
                {
                    throw _failure;
                }
                if (_length > offset || _isComplete)
                {
                    return _length - offset;
                }
                _changed.Reset();
            }
            _changed.Wait();
        }
    }

    private sealed class Follower(GrowingFile file) : ReadOnlyStream
    {
        private SafeFileHandle? _handle;
        private long _offset;

        public override int Read(Span<byte> buffer)
        {
            long there = file.WaitBeyond(_offset);
            if (there <= 0 || buffer.IsEmpty)
            {
                return 0;
            }
            _handle ??= File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            int read = RandomAccess.Read(_handle, buffer[..(int)Math.Min(buffer.Length, there)], _offset);
            _offset += read;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _handle?.Dispose();
            }
            base.Dispose(disposing);
        }
    }

    private string Path => path;
}
