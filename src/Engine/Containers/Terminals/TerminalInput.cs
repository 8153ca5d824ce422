using LayerImage.Engine.Interop.Libc;

namespace LayerImage.Engine.Containers;

/// <summary>Standard input, readable with a token. See <see cref="HostTerminal.OpenInput"/>.</summary>
internal sealed class TerminalInput(Action? onDetach) : Stream
{
    private const int PollMilliseconds = 50, MostKeys = 1024;
    private readonly DetachKeys _detachKeys = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        await Task.Factory.StartNew(() => ReadWhenReady(buffer.Span, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);

    public override int Read(byte[] buffer, int offset, int count) => ReadWhenReady(buffer.AsSpan(offset, count), CancellationToken.None);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int ReadWhenReady(Span<byte> buffer, CancellationToken cancellationToken)
    {
        Span<byte> typed = stackalloc byte[Math.Min(buffer.Length - 1, MostKeys)];
        while (true)
        {
            while (!Libc.PollRead(0, PollMilliseconds))
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            if (onDetach is null)
            {
                return Libc.Read(0, buffer);
            }
            int length = Libc.Read(0, typed);
            int? passed = _detachKeys.Filter(typed[..length], buffer);
            if (passed is null)
            {
                onDetach();
                throw new OperationCanceledException("The detach keys were pressed.");
            }
            if (passed > 0 || length == 0)
            {
                return passed.Value;
            }
        }
    }
}
