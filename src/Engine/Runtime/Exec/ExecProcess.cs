using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// A further process in a running container. Read its lines as they come, then wait for its exit code. With a
/// terminal it has ours, and there are no lines. Dispose ends it when it still runs.
/// </summary>
internal sealed class ExecProcess : IAsyncDisposable
{
    // Output that is still in the pipes when the process has ended is there at once; what comes later is from a
    // background process that inherited them and may live for ever.
    private static readonly TimeSpan s_drain = TimeSpan.FromMilliseconds(200);

    private const int BufferSize = 128 << 10;
    private const uint FirstTerminal = 136, LastTerminal = 143; // UNIX98_PTY_SLAVE_MAJOR, linux/major.h

    private readonly ExecFiles _files;
    private readonly Process? _process;
    private readonly CgroupLayout _cgroups;
    private readonly string _id;
    private readonly string _command;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Channel<OutputLine> _lines = Channel.CreateBounded<OutputLine>(1024);
    private readonly Task _pumps = Task.CompletedTask;
    private int? _exitCode;
    private long _copied;
    private Exception? _copyFailure;

    private ExecProcess(ExecFiles files, Process? process, CgroupLayout cgroups, string id, ExecOptions options)
    {
        (_files, _process, _cgroups, _id, _command) = (files, process, cgroups, id, options.Process.Args[0]);
        if (process is null || options.Process.Terminal)
        {
            _lines.Writer.Complete();
            return;
        }
        Task output = options.StandardOutput is Stream target ? CopyAsync(process.StandardOutput.BaseStream, target) : PumpAsync(process.StandardOutput, LogStream.Stdout), error = PumpAsync(process.StandardError, LogStream.Stderr);
        _pumps = Task.WhenAll(output, error);
        _ = FeedAsync(process.StandardInput.BaseStream, options.StandardInput);
        _ = CompleteAsync(process);
    }

    /// <summary>How long it has run.</summary>
    public TimeSpan Duration => _watch.Elapsed;

    internal static async Task<ExecProcess> StartAsync(
        IReadOnlyList<string> crun, string id, string bundle, CgroupLayout cgroups, ProcessIdentity container, ExecOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ExecFiles files = new(Path.Combine(bundle, $"exec-{Guid.NewGuid():N}"));
        RuntimeFile.Write(files.Process, RuntimeJson.Write(options.Process), RuntimeFile.Private);
        List<string> arguments =
            [.. crun, "--log=" + files.Log, "--log-format=json", "exec", "--process=" + files.Process, "--pid-file=" + files.Pid, .. options.Detach ? ["--detach"] : Array.Empty<string>(), id];
        if (options.Detach)
        {
            using SafeFileHandle nothing = OpenNull(container);
            int pid = Libc.PosixSpawn(arguments, ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], [], new SpawnStreams(nothing, nothing, nothing));
            int? exitCode = await Task.Run(() => Libc.WaitPid(pid), CancellationToken.None).ConfigureAwait(false);
            files.ThrowIfFailed(exitCode, options.Process.Args[0]);
            files.Delete();
            return new ExecProcess(files, null, cgroups, id, options) { _exitCode = 0 };
        }
        bool pipes = !options.Process.Terminal;
        ProcessStartInfo start = new(arguments[0], arguments.Skip(1))
        {
            RedirectStandardInput = pipes,
            RedirectStandardOutput = pipes,
            RedirectStandardError = pipes,
        };
        if (pipes)
        {
            start.StandardOutputEncoding = start.StandardErrorEncoding = new UTF8Encoding(false);
        }
        return new ExecProcess(files, Process.Start(start)!, cgroups, id, options);
    }

    // A detached process must hold nothing of ours, and not the host's /dev/null either: it could take its permissions away from
    // everybody. It gets the container's; where the container has done away with that, an end of a pipe that gives and takes nothing.
    private static SafeFileHandle OpenNull(ProcessIdentity container)
    {
        using ContainerRoot root = new(string.Create(CultureInfo.InvariantCulture, $"/proc/{container.Pid}/root"));
        if (root.OpenNull() is SafeFileHandle found)
        {
            return found;
        }
        (SafeFileHandle read, SafeFileHandle write) = Libc.Pipe2();
        write.Dispose();
        return read;
    }

    /// <summary>The lines of both outputs, as they come.</summary>
    public async IAsyncEnumerable<OutputLine> ReadLinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (OutputLine line in _lines.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return line;
        }
    }

    /// <summary>Waits for the end and returns the exit code, 128 + n after signal n. Lines that nobody read are dropped.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.CommandNotFound"/>, <see cref="EngineError.CommandNotExecutable"/>, <see cref="EngineError.RuntimeFailed"/>: it could not be started.</exception>
    public async Task<int> WaitAsync(CancellationToken cancellationToken)
    {
        if (_exitCode is int known)
        {
            return known;
        }
        await foreach (OutputLine _ in ReadLinesAsync(cancellationToken).ConfigureAwait(false))
        {
        }
        await _process!.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        _watch.Stop();
        int exitCode = _process.ExitCode;
        _files.ThrowIfFailed(exitCode, _command);
        _exitCode = exitCode;
        return exitCode;
    }

    /// <summary>Gives its terminal another size: crun copies ours once, when it begins.</summary>
    public void Resize(int rows, int columns)
    {
        if (_files.ReadPid() is int pid && TerminalOf(pid) is SafeFileHandle terminal)
        {
            using (terminal)
            {
                Libc.SetWindowSize(terminal, rows, columns);
            }
        }
    }

    // What is inside may have put anything in the place of its terminal: it is looked at before it is opened.
    private static SafeFileHandle? TerminalOf(int pid)
    {
        try
        {
            using SafeFileHandle place = Libc.Open(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd/0"), OpenFlags.PathOnly);
            return Libc.Stat(place) is { Type: FileType.CharacterDevice, DeviceMajor: >= FirstTerminal and <= LastTerminal }
                ? RegularFile.Reopen(place, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.NonBlocking | OpenFlags.CloseOnExec) : null;
        }
        catch (LinuxException)
        {
            return null; // it has ended, or has no input any more
        }
    }

    /// <summary>Ends the process inside the container, with its children, when it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                // Killing "crun exec" would leave the process inside alive.
                KillInside();
                using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
                try
                {
                    await _process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    _process.Kill();
                    KillInside();
                }
            }
            LetGo(_process);
        }
        _files.Delete();
    }

    // Nobody takes more: a pump that waits for its reader ends, and what writes on meets a closed pipe.
    private void LetGo(Process process)
    {
        _lines.Writer.TryComplete();
        if (process.StartInfo.RedirectStandardOutput)
        {
            process.StandardOutput.BaseStream.Dispose();
            process.StandardError.BaseStream.Dispose();
        }
        process.Dispose();
    }

    private void KillInside()
    {
        if (_files.ReadPid() is not int pid)
        {
            // crun writes the number down after the process has begun: until then it is told by being crun's child.
            _process!.Kill(entireProcessTree: true);
            _process.WaitForExit();
            if (_files.ReadPid() is not int late)
            {
                return;
            }
            pid = late;
        }
        ProcessTree.Kill(pid, _cgroups.Processes(_id));
    }

    private async Task CompleteAsync(Process process)
    {
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        // A reader that lags keeps a pump waiting, not the pipe: then there is more to come.
        long before;
        do
        {
            before = Volatile.Read(ref _copied);
            await Task.WhenAny(_pumps, Task.Delay(s_drain)).ConfigureAwait(false);
        }
        while (!_pumps.IsCompleted && (_lines.Reader.Count > 0 || Volatile.Read(ref _copied) != before));
        _lines.Writer.TryComplete(_copyFailure);
    }

    private async Task CopyAsync(Stream source, Stream target)
    {
        byte[] buffer = new byte[BufferSize];
        try
        {
            for (int read; (read = await source.ReadAsync(buffer).ConfigureAwait(false)) > 0;)
            {
                await target.WriteAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
                Volatile.Write(ref _copied, _copied + read);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // The command meets a closed pipe, and who waits for it hears why.
            _copyFailure = DiskFull.Is(e) ? DiskFull.ToError(e, null) : e;
            source.Dispose();
        }
    }

    private async Task PumpAsync(StreamReader reader, LogStream stream)
    {
        try
        {
            while (await reader.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is string line)
            {
                await _lines.Writer.WriteAsync(new OutputLine(stream, line)).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is ChannelClosedException or IOException or ObjectDisposedException)
        {
        }
    }

    private static async Task FeedAsync(Stream target, Stream? source)
    {
        await using (target.ConfigureAwait(false))
        {
            try
            {
                if (source is not null)
                {
                    await source.CopyToAsync(target).ConfigureAwait(false);
                }
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // The process reads no more.
            }
        }
    }
}
