using System.Text;

namespace LayerImage.Engine.Runtime;

/// <summary>Puts the parts of long lines together, each stream by itself: the two may be interleaved.</summary>
internal sealed class LogLineJoiner
{
    /// <summary>A record has so many bytes at most; a longer line is several.</summary>
    public const int LongestRecord = 1 << 20;

    private readonly Pending?[] _pending = new Pending?[2];

    /// <summary>Takes a line of the file; the record when it completes one.</summary>
    public LogRecord? Add(ReadOnlySpan<byte> bytes)
    {
        if (LogLine.Parse(bytes) is not LogLine line)
        {
            return null;
        }
        ref Pending? pending = ref _pending[(int)line.Stream];
        if (line.Full && pending is null)
        {
            return Record(line.Timestamp, line.Stream, line.Text);
        }
        pending ??= new Pending(line.Timestamp, []);
        pending.Text.AddRange(line.Text);
        if (!line.Full && pending.Text.Count < LongestRecord)
        {
            return null;
        }
        LogRecord record = Record(pending.Timestamp, line.Stream, [.. pending.Text]);
        pending = null;
        return record;
    }

    /// <summary>The records that were begun and not ended: output without a last line feed.</summary>
    public IEnumerable<LogRecord> Finish()
        => new[] { LogStream.Stdout, LogStream.Stderr }
            .Where(stream => _pending[(int)stream] is not null)
            .Select(stream => Record(_pending[(int)stream]!.Timestamp, stream, [.. _pending[(int)stream]!.Text]))
            .OrderBy(record => record.Timestamp);

    // Joined as bytes: a part may end in the middle of a character. A terminal ends its lines with CR LF.
    private static LogRecord Record(DateTimeOffset time, LogStream stream, byte[] text)
        => new(time, stream, Encoding.UTF8.GetString(text.AsSpan().TrimEnd((byte)'\r')));

    private sealed record Pending(DateTimeOffset Timestamp, List<byte> Text);
}
