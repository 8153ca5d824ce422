using System.Diagnostics;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>
/// What a program writes, as it writes it: never held as a whole. The end of the stream is the program's success; its
/// failure is an error of the last read. Disposing it earlier ends the program.
/// </summary>
internal sealed class ProcessStream : Stream
{
    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly IReadOnlyList<string> _arguments;
    private readonly EngineError _failure;

    private ProcessStream(EngineError failure, IReadOnlyList<string> arguments, Process process)
    {
        (_failure, _arguments, _process) = (failure, arguments, process);
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program whose input and output are streams.</summary>
    /// <param name="failure">What its failure is.</param>
    /// <param name="arguments">Its path and arguments.</param>
    public static ProcessStream Start(EngineError failure, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ProcessStream(failure, arguments, process);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        int read = _process.StandardOutput.BaseStream.Read(buffer);
        if (read == 0 && buffer.Length > 0)
        {
            _process.WaitForExit();
            CheckExit();
        }
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }
            _process.Dispose();
        }
        base.Dispose(disposing);
    }

    private void CheckExit()
    {
        if (_process.ExitCode != 0)
        {
            throw new ProcessFailedException(_failure, _arguments, _process.ExitCode, _error.GetAwaiter().GetResult());
        }
    }
}
