using System.Globalization;
using System.Net.Sockets;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// A client of conmon's attach socket: one packet per read of the container's output, its first byte the stream.
/// Several clients may be attached. Attach between create and start to miss nothing; keep reading, for conmon
/// waits for a client that does not, and the container with it.
/// </summary>
internal sealed class AttachSession : IAsyncDisposable
{
    /// <summary>A packet's greatest size: conmon reads 8 KiB at a time and puts one byte in front.</summary>
    public const int PacketSize = 8193;

    // conmon takes up to 32 KiB of a packet and drops the rest.
    private const int InputSize = 16 << 10;
    private const int SocketPathLimit = 107;
    private const byte StdoutMark = 2, StderrMark = 3;

    private readonly Socket _socket;
    private readonly string _bundle;

    private AttachSession(Socket socket, string bundle) => (_socket, _bundle) = (socket, bundle);

    /// <summary>Connects to the container whose bundle this is.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ContainerNotRunning"/>: nobody answers.</exception>
    public static async Task<AttachSession> ConnectAsync(string bundle, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            using SafeFileHandle folder = Libc.Open(bundle, OpenFlags.PathOnly | OpenFlags.Directory);
            string path = Path.Combine(bundle, "attach");
            if (Encoding.UTF8.GetByteCount(path) > SocketPathLimit)
            {
                path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder.DangerousGetHandle()}/attach");
            }
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new AttachSession(socket, bundle);
        }
        catch (Exception error)
        {
            socket.Dispose();
            throw error is SocketException or LinuxException
                ? new LayerImageException(EngineError.ContainerNotRunning, "The container's monitor does not answer: it has ended.", error) { Target = bundle }
                : error;
        }
    }

    /// <summary>Receives the next piece of output; length 0 at the container's end. The buffer holds at least <see cref="PacketSize"/> bytes.</summary>
    public async ValueTask<AttachPacket> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int length;
        try
        {
            length = await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            length = 0;
        }
        if (length == 0)
        {
            return default;
        }
        LogStream stream = buffer.Span[0] == StderrMark ? LogStream.Stderr : LogStream.Stdout;
        // The first byte is the mark: what remains is moved over it.
        buffer.Span[1..length].CopyTo(buffer.Span);
        return new AttachPacket(stream, length - 1);
    }

    /// <summary>Sends to the container's standard input.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        for (int offset = 0; offset < input.Length; offset += InputSize)
        {
            ReadOnlyMemory<byte> piece = input.Slice(offset, Math.Min(InputSize, input.Length - offset));
            await _socket.SendAsync(piece, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the container's standard input (unless it was made to outlive its clients). Output still comes.</summary>
    public void CloseInput() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Tells the container's terminal its size. Nothing happens when the container has ended.</summary>
    public void Resize(int rows, int columns)
    {
        try
        {
            using FileStream control = new(Libc.Open(Path.Combine(_bundle, "ctl"), OpenFlags.WriteOnly | OpenFlags.NonBlocking), FileAccess.Write, bufferSize: 0);
            control.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"1 {rows} {columns}\n")));
        }
        catch (LinuxException)
        {
        }
    }

    /// <summary>Copies until the container ends: input to it (null is none), its outputs to the streams. Cancelling detaches.</summary>
    public async Task PumpAsync(Stream? input, Stream output, Stream error, CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task feed = input is null ? Task.CompletedTask : FeedAsync(input, ended.Token);
        byte[] buffer = new byte[PacketSize];
        AttachPacket packet;
        while ((packet = await ReadAsync(buffer, cancellationToken).ConfigureAwait(false)).Length > 0)
        {
            Stream target = packet.Stream == LogStream.Stdout ? output : error;
            await target.WriteAsync(buffer.AsMemory(0, packet.Length), cancellationToken).ConfigureAwait(false);
            await target.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        await ended.CancelAsync().ConfigureAwait(false);
        // A read from a terminal does not hear the token: it is left behind.
        await Task.WhenAny(feed, Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None)).ConfigureAwait(false);
    }

    /// <summary>Detaches.</summary>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task FeedAsync(Stream input, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[InputSize];
        try
        {
            int read;
            while ((read = await input.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            CloseInput();
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The container has ended or the caller has detached.
        }
    }
}
