using System.Management.Automation.Host;
using System.Runtime.InteropServices;
using System.Text;
using LayerImage.Engine.Containers;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// A container in the foreground. With a terminal the user's terminal becomes the container's; without, its output
/// lines are the pipeline's and its error lines the host's.
/// </summary>
internal sealed class ForegroundSession(bool useTerminal, bool useInput, Action<string> writeOutput, PSHost host)
{
    private Task? _pump;
    private CancellationTokenSource? _detach;

    /// <summary>Begins to copy; for the engine to call before the program goes.</summary>
    public Task BeginAsync(ContainerTerminal terminal, CancellationToken cancellationToken)
    {
        _detach = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        SynchronizationContext pipeline = SynchronizationContext.Current!;
        _pump = Task.Run(() => useTerminal ? PumpTerminalAsync(terminal, _detach) : PumpLinesAsync(terminal, pipeline, _detach.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Waits until the container has ended or the user has detached; true when it has ended.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (_pump ?? Task.CompletedTask);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false; // the detach keys
        }
        finally
        {
            _detach?.Dispose();
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

    private async Task PumpLinesAsync(ContainerTerminal terminal, SynchronizationContext pipeline, CancellationToken cancellationToken)
    {
        await using (terminal)
        {
            using LineStream output = new(line => pipeline.Post(_ => writeOutput(line), null));
            using LineStream error = new(line => pipeline.Post(_ => host.UI.WriteErrorLine(line), null));
            using Stream? input = useInput ? HostTerminal.OpenInput(onDetach: null) : null;
            await terminal.PumpAsync(input, output, error, cancellationToken);
        }
    }

    private static void Resize(ContainerTerminal terminal)
    {
        if (HostTerminal.Size is (int rows, int columns))
        {
            terminal.Resize(rows, columns);
        }
    }

    /// <summary>Cuts what is written to it into lines.</summary>
    private sealed class LineStream(Action<string> write) : Stream
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private const int LongestLine = 1 << 20; // as in the log: a longer one is several
        private readonly StringBuilder _line = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            char[] characters = new char[_decoder.GetCharCount(buffer, offset, count)];
            int length = _decoder.GetChars(buffer, offset, count, characters, 0);
            foreach (char character in characters.AsSpan(0, length))
            {
                if (character != '\n')
                {
                    _line.Append(character);
                    if (_line.Length < LongestLine)
                    {
                        continue;
                    }
                }
                Emit();
            }
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing && _line.Length > 0)
            {
                Emit();
            }
            base.Dispose(disposing);
        }

        private void Emit()
        {
            string line = _line.ToString();
            _line.Clear();
            write(line.EndsWith('\r') ? line[..^1] : line);
        }
    }
}
