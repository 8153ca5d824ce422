using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Reads conmon's k8s-file log: a line each, <c>2026-01-02T03:04:05.000000006+00:00 stdout F text</c>, with P in the
/// place of F when the line goes on (longer than conmon's buffer, or not ended with a line feed).
/// </summary>
internal static class ContainerLogReader
{
    private const int BlockSize = 64 << 10;
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    /// <summary>The records of a log; none when there is no file yet.</summary>
    public static async IAsyncEnumerable<LogRecord> ReadAsync(string path, LogReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using SafeFileHandle? file = await OpenAsync(path, options, cancellationToken).ConfigureAwait(false);
        if (file is null)
        {
            yield break;
        }
        LogLineJoiner joiner = new();
        // What is there now, unless more is waited for: who writes faster than a reader takes it would never let it end.
        long end = options.HasEnded is null ? RandomAccess.GetLength(file) : long.MaxValue;
        long position = options.Tail is int tail ? FindTail(file, tail, Math.Min(end, RandomAccess.GetLength(file))) : 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        int kept = 0;
        while (true)
        {
            // Asked before reading: what the container wrote before it ended, or before that time, is then surely read.
            bool last = (options.HasEnded?.Invoke() ?? true) || DateTimeOffset.UtcNow - s_poll > options.Until;
            int read;
            while ((read = await RandomAccess.ReadAsync(file, buffer.AsMemory(kept, (int)Math.Min(buffer.Length - kept, end - position)), position, cancellationToken).ConfigureAwait(false)) > 0)
            {
                position += read;
                int available = kept + read, start = 0, lineEnd;
                while ((lineEnd = Array.IndexOf(buffer, (byte)'\n', start, available - start)) >= 0)
                {
                    if (joiner.Add(buffer.AsSpan(start, lineEnd - start)) is LogRecord record)
                    {
                        // Who follows is to come to an end; otherwise the clock may have leapt and come back, and there is more.
                        if (record.Timestamp > options.Until && options.HasEnded is not null)
                        {
                            yield break;
                        }
                        if (Wanted(record, options))
                        {
                            yield return record;
                        }
                    }
                    start = lineEnd + 1;
                }
                kept = available - start;
                Array.Copy(buffer, start, buffer, 0, kept);
                if (kept == buffer.Length)
                {
                    // conmon's lines have 8 KiB; what has no end is none of them.
                    kept = buffer.Length < LogLineJoiner.LongestRecord ? kept : 0;
                    Array.Resize(ref buffer, Math.Min(buffer.Length * 2, LogLineJoiner.LongestRecord));
                }
            }
            if (last)
            {
                break;
            }
            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
        foreach (LogRecord record in joiner.Finish().Where(record => Wanted(record, options)))
        {
            yield return record;
        }
    }

    /// <summary>Where the last so many records before an end begin. Reads blocks from the end and no more of them than needed.</summary>
    internal static long FindTail(SafeFileHandle file, int tail, long end)
    {
        if (tail <= 0)
        {
            return end;
        }
        byte[] block = new byte[BlockSize];
        Span<byte> head = stackalloc byte[64];
        // A record ends with a line of F. The first of the wanted ones begins after the F line before it.
        long lineEnd = end;
        int full = 0;
        bool newest = true;
        for (long blockEnd = end; blockEnd > 0;)
        {
            long blockStart = Math.Max(0, blockEnd - BlockSize);
            int length = RandomAccess.Read(file, block.AsSpan(0, (int)(blockEnd - blockStart)), blockStart);
            for (int i = length - 1; i >= -1; i--)
            {
                bool atStart = i < 0 && blockStart == 0;
                if (!atStart && (i < 0 || block[i] != (byte)'\n' || blockStart + i + 1 == end))
                {
                    continue;
                }
                long lineStart = atStart ? 0 : blockStart + i + 1;
                int size = RandomAccess.Read(file, head[..(int)Math.Min(head.Length, lineEnd - lineStart)], lineStart);
                bool isFull = LogLine.IsFull(head[..size]);
                // An unfinished line at the very end is a record, too.
                if ((isFull || newest) && ++full > tail)
                {
                    return lineEnd;
                }
                newest = false;
                lineEnd = lineStart;
            }
            blockEnd = blockStart;
        }
        return 0;
    }

    private static bool Wanted(LogRecord record, LogReadOptions options)
        => !(record.Timestamp < options.Since) && !(record.Timestamp > options.Until) && (options.Stream is null || options.Stream == record.Stream);

    private static async Task<SafeFileHandle?> OpenAsync(string path, LogReadOptions options, CancellationToken cancellationToken)
    {
        while (true)
        {
            bool last = options.HasEnded?.Invoke() ?? true;
            try
            {
                return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
            }
            catch (FileNotFoundException) when (last)
            {
                return null;
            }
            catch (FileNotFoundException)
            {
                await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
