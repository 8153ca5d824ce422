using System.Management.Automation.Host;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// A container in the foreground. With a terminal the user's terminal becomes the container's; without, its output
/// lines are the pipeline's and its error lines the host's, or its bytes go to a file. A pipeline that takes them slowly
/// keeps the program waiting.
/// </summary>
internal sealed class ForegroundSession(bool useTerminal, bool useInput, Action<string> writeOutput, PSHost host)
{
    private readonly Channel<(string Text, bool IsError)> _lines = Channel.CreateBounded<(string, bool)>(1024);
    private Task _pump = Task.CompletedTask;
    private CancellationTokenSource? _detach;

    /// <summary>What the program reads in place of this session's input; null for that. Closed with the session.</summary>
    public Stream? Input { get; init; }

    /// <summary>Where its standard output goes in place of the pipeline; null for that. Closed with the session.</summary>
    public Stream? Output { get; init; }

    /// <summary>Begins to copy; for the engine to call before the program goes.</summary>
    public Task BeginAsync(ContainerTerminal terminal, CancellationToken cancellationToken)
    {
        _detach = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _pump = Task.Run(() => useTerminal ? PumpTerminalAsync(terminal, _detach) : PumpLinesAsync(terminal, _detach.Token), CancellationToken.None);
        _ = _pump.ContinueWith(_ => _lines.Writer.TryComplete(), TaskScheduler.Default);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Writes the lines, on the pipeline's thread, until the container has ended or the user has detached; true when it has
    /// ended. Whatever keeps the pipeline from taking more ends it: nobody is attached afterwards.
    /// </summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach ((string text, bool isError) in _lines.Reader.ReadAllAsync(cancellationToken))
            {
                if (isError)
                {
                    host.UI.WriteErrorLine(text);
                }
                else
                {
                    writeOutput(text);
                }
            }
            await _pump;
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // the detach keys
        }
        finally
        {
            _detach?.Cancel();
            await _pump.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            _detach?.Dispose();
            Input?.Dispose();
            Output?.Dispose();
        }
    }

    private async Task PumpTerminalAsync(ContainerTerminal terminal, CancellationTokenSource detach)
    {
        await using (terminal)
        {
            // Only for who types into it: else Ctrl-C would reach nobody.
            using IDisposable? raw = useInput ? HostTerminal.EnterRawMode() : null;
            using PosixSignalRegistration? resize = HostTerminal.Size is null || OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(terminal));
            Resize(terminal);
            using Stream output = Console.OpenStandardOutput();
            using Stream? input = useInput ? HostTerminal.OpenInput(detach.Cancel) : null;
            await terminal.PumpAsync(input, output, output, detach.Token);
        }
    }

    private async Task PumpLinesAsync(ContainerTerminal terminal, CancellationToken cancellationToken)
    {
        await using (terminal)
        {
            await using LineStream output = new(_lines.Writer, isError: false), error = new(_lines.Writer, isError: true);
            using Stream? input = Input is null && useInput ? HostTerminal.OpenInput(onDetach: null) : null;
            await terminal.PumpAsync(Input ?? input, Output ?? output, error, cancellationToken);
            await output.FinishAsync(cancellationToken);
            await error.FinishAsync(cancellationToken);
        }
    }

    private static void Resize(ContainerTerminal terminal)
    {
        if (HostTerminal.Size is (int rows, int columns))
        {
            terminal.Resize(rows, columns);
        }
    }

    /// <summary>Cuts what is written to it into lines, and waits where these are not taken.</summary>
    private sealed class LineStream(ChannelWriter<(string Text, bool IsError)> lines, bool isError) : Stream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private const int LongestLine = 1 << 20; // as in the log: a longer one is several
        private readonly StringBuilder _line = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            char[] characters = new char[_decoder.GetCharCount(buffer.Span, flush: false)];
            int length = _decoder.GetChars(buffer.Span, characters, flush: false);
            for (int i = 0; i < length; i++)
            {
                if (characters[i] != '\n')
                {
                    _line.Append(characters[i]);
                    if (_line.Length < LongestLine)
                    {
                        continue;
                    }
                }
                await EmitAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        /// <summary>Writes a last line that has no end.</summary>
        public ValueTask FinishAsync(CancellationToken cancellationToken) => _line.Length > 0 ? EmitAsync(cancellationToken) : ValueTask.CompletedTask;

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private ValueTask EmitAsync(CancellationToken cancellationToken)
        {
            string line = _line.ToString();
            _line.Clear();
            return lines.WriteAsync((line.EndsWith('\r') ? line[..^1] : line, isError), cancellationToken);
        }
    }
}
