using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LayerImage.Testing.Registry;

/// <summary>
/// HTTP/1.1 on one connection: just what registry clients use. Not a web server's: tests need answers that a web
/// server refuses to give (a body shorter than its length, one that never ends).
/// </summary>
internal sealed class HttpConnection(Socket socket) : IDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next request and the fault that meets it, or null when the client is done.</summary>
    public async Task<(RegistryRequest Request, RegistryFault? Fault)?> ReadRequestAsync(Func<RegistryRequest, RegistryFault?> findFault, CancellationToken cancellationToken)
    {
        string? requestLine = await ReadLineAsync(cancellationToken);
        if (string.IsNullOrEmpty(requestLine))
        {
            return null;
        }
        string[] parts = requestLine.Split(' ');
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync(cancellationToken) is { Length: > 0 } line)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string name = line[..colon], value = line[(colon + 1)..].Trim();
            headers[name] = headers.TryGetValue(name, out string? before) ? $"{before}, {value}" : value;
        }
        // A client of a proxy names the whole address.
        string[] target = (Uri.TryCreate(parts[1], UriKind.Absolute, out Uri? whole) && whole.Scheme == "http" ? whole.PathAndQuery : parts[1]).Split('?', 2);
        RegistryRequest request = new(parts[0], Uri.UnescapeDataString(target[0]), ParseQuery(target.ElementAtOrDefault(1)), headers, []);
        RegistryFault? fault = findFault(request);
        if (fault?.CutBodyAt == 0)
        {
            return (request, fault);
        }
        if (headers.GetValueOrDefault("Expect") is not null)
        {
            await _stream.WriteAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), cancellationToken);
        }
        byte[] body = fault?.CutBodyAt is int cut ? await ReadExactlyAsync(cut, cancellationToken) : await ReadBodyAsync(headers, cancellationToken);
        return (request with { Body = body }, fault);
    }

    /// <summary>Writes an answer, spoiled by a fault; false when the connection must be closed after it.</summary>
    public async Task<bool> WriteAsync(RegistryRequest request, RegistryResponse response, RegistryFault? fault, CancellationToken cancellationToken)
    {
        if (fault is { CutAt: < 0 })
        {
            return false;
        }
        bool endless = fault is { IsEndless: true };
        StringBuilder head = new();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.Status} Answer\r\n");
        foreach ((string name, string value) in response.Headers.Where(header => !header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }
        if (response.ContentType is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {response.ContentType}\r\n");
        }
        // A fault may promise another length than the body has.
        string length = response.Headers.GetValueOrDefault("Content-Length") ?? response.Body.Length.ToString(CultureInfo.InvariantCulture);
        head.Append(endless ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {length}\r\n\r\n");
        await _stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), cancellationToken);
        if (request.Method == "HEAD")
        {
            return true;
        }
        if (endless)
        {
            await WriteForEverAsync(response.Body, cancellationToken);
        }
        ReadOnlyMemory<byte> body = fault?.CutAt is long cut ? response.Body.AsMemory(0, (int)Math.Min(cut, response.Body.Length)) : response.Body;
        await WriteBodyAsync(body, fault, cancellationToken);
        return fault is not { CutAt: not null } and not { CutBodyAt: not null } && length == response.Body.Length.ToString(CultureInfo.InvariantCulture);
    }

    public void Dispose() => _stream.Dispose();

    private async Task WriteBodyAsync(ReadOnlyMemory<byte> body, RegistryFault? fault, CancellationToken cancellationToken)
    {
        int piece = fault is { PieceSize: > 0 } ? fault.PieceSize : Math.Max(body.Length, 1);
        for (int offset = 0; offset < body.Length; offset += piece)
        {
            if (offset > 0 && fault is not null)
            {
                await Task.Delay(fault.Pause, cancellationToken);
            }
            await _stream.WriteAsync(body.Slice(offset, Math.Min(piece, body.Length - offset)), cancellationToken);
        }
    }

    private async Task WriteForEverAsync(byte[] body, CancellationToken cancellationToken)
    {
        byte[] first = body.Length > 0 ? body : [0];
        await _stream.WriteAsync(Encoding.ASCII.GetBytes($"{first.Length:x}\r\n"), cancellationToken);
        await _stream.WriteAsync(first, cancellationToken);
        byte[] piece = [.. "\r\n10000\r\n"u8, .. new byte[0x10000]];
        // Ends when the client closes the connection: the write then fails.
        while (true)
        {
            await _stream.WriteAsync(piece, cancellationToken);
        }
    }

    private async Task<byte[]> ReadBodyAsync(Dictionary<string, string> headers, CancellationToken cancellationToken)
    {
        if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
        {
            using MemoryStream body = new();
            while (true)
            {
                string line = await ReadLineAsync(cancellationToken) ?? "0";
                int size = int.Parse(line.Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                body.Write(await ReadExactlyAsync(size, cancellationToken));
                await ReadLineAsync(cancellationToken);
                if (size == 0)
                {
                    return body.ToArray();
                }
            }
        }
        return headers.TryGetValue("Content-Length", out string? length)
            ? await ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture), cancellationToken)
            : [];
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[count];
        int buffered = Math.Min(count, _end - _start);
        _buffer.AsSpan(_start, buffered).CopyTo(bytes);
        _start += buffered;
        await _stream.ReadExactlyAsync(bytes.AsMemory(buffered), cancellationToken);
        return bytes;
    }

    private async Task<string?> ReadLineAsync(CancellationToken cancellationToken)
    {
        StringBuilder line = new();
        while (true)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = await _stream.ReadAsync(_buffer, cancellationToken);
                if (_end == 0)
                {
                    return null;
                }
            }
            char next = (char)_buffer[_start++];
            if (next == '\n')
            {
                return line.ToString();
            }
            if (next != '\r')
            {
                line.Append(next);
            }
        }
    }

    private static Dictionary<string, string> ParseQuery(string? query) => (query ?? "")
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .GroupBy(pair => Uri.UnescapeDataString(pair[0]))
        .ToDictionary(group => group.Key, group => string.Join(' ', group.Select(pair => Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? ""))));
}
