using System.Collections;
using System.Management.Automation.Provider;
using System.Text;

namespace LayerImage.Cmdlets.Drive;

/// <summary>Reads a file of the drive forward: lines of text (a byte order mark says more than the encoding), or bytes.</summary>
/// <param name="content">The content; it is disposed with the reader.</param>
/// <param name="asBytes">Bytes instead of lines.</param>
/// <param name="raw">All as one object.</param>
/// <param name="encoding">How bytes are made text.</param>
internal sealed class LayerImageContentReader(Stream content, bool asBytes, bool raw, Encoding encoding) : IContentReader
{
    private readonly StreamReader _text = new(content, encoding);
    private bool _isDone;

    public IList Read(long readCount)
    {
        if (_isDone)
        {
            return Array.Empty<object>();
        }
        if (raw)
        {
            _isDone = true;
            return asBytes ? new object[] { ReadAll() } : _text.ReadToEnd() is { Length: > 0 } text ? new[] { text } : Array.Empty<object>();
        }
        return asBytes ? ReadBytes(readCount) : ReadLines(readCount);
    }

    public void Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("Files of the drive LayerImage are read from their beginning.");

    public void Close() => _text.Dispose();

    public void Dispose() => Close();

    private List<string> ReadLines(long count)
    {
        List<string> lines = [];
        while ((count <= 0 || lines.Count < count) && _text.ReadLine() is string line)
        {
            lines.Add(line);
        }
        return lines;
    }

    private List<byte> ReadBytes(long count)
    {
        if (count <= 0)
        {
            return [.. ReadAll()];
        }
        byte[] bytes = new byte[(int)Math.Min(count, 1 << 20)];
        return [.. bytes.AsSpan(0, content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false))];
    }

    private byte[] ReadAll()
    {
        using MemoryStream all = new();
        content.CopyTo(all);
        return all.ToArray();
    }
}
