using System.Globalization;
using System.Text;

namespace LayerImage.Engine.Runtime;

/// <summary>One line of the log file, taken apart.</summary>
/// <param name="Timestamp">When it was written.</param>
/// <param name="Stream">Where to.</param>
/// <param name="Full">It ends the record.</param>
/// <param name="Text">Its bytes as text.</param>
internal readonly record struct LogLine(DateTimeOffset Timestamp, LogStream Stream, bool Full, byte[] Text)
{
    /// <summary>Parses a line without its line feed; null when it is no log line.</summary>
    public static LogLine? Parse(ReadOnlySpan<byte> line)
    {
        int first = line.IndexOf((byte)' ');
        if (first < 0 || !DateTimeOffset.TryParse(Encoding.ASCII.GetString(line[..first]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
        {
            return null;
        }
        ReadOnlySpan<byte> rest = line[(first + 1)..];
        bool stdout = rest.StartsWith("stdout "u8);
        if ((!stdout && !rest.StartsWith("stderr "u8)) || rest.Length < 8 || rest[7] is not ((byte)'F' or (byte)'P'))
        {
            return null;
        }
        return new LogLine(time, stdout ? LogStream.Stdout : LogStream.Stderr, rest[7] == (byte)'F', rest.Length > 9 ? rest[9..].ToArray() : []);
    }

    /// <summary>The line's beginning says that it ends a record. What is no log line counts as one of its own.</summary>
    public static bool IsFull(ReadOnlySpan<byte> head)
    {
        int first = head.IndexOf((byte)' ');
        int tag = first + 1 + "stdout ".Length;
        return first < 0 || tag >= head.Length || head[tag] != (byte)'P';
    }
}
