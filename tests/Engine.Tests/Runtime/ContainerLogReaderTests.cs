using System.Text;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class ContainerLogReaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public async Task Parts_AreJoinedByStream()
    {
        await WriteAsync("10 stdout P a", "11 stderr F e", "12 stdout P é", "13 stdout F c\r", "14 stdout F ", "15 stdout P tail");

        List<LogRecord> records = await ReadAsync(new LogReadOptions());

        Assert.Equal(["Stderr:e", "Stdout:aéc", "Stdout:", "Stdout:tail"], records.Select(record => $"{record.Stream}:{record.Message}"));
        Assert.Equal(10, records[1].Timestamp.Second);
    }

    // Memory does not grow with a line.
    [Fact]
    public async Task LineWithoutEnd_IsSeveralRecords()
    {
        await WriteAsync([.. Enumerable.Repeat("10 stdout P " + new string('x', 8000), 400), "11 stdout F end"]);

        List<LogRecord> records = await ReadAsync(new LogReadOptions());

        Assert.Equal(400 * 8000 + 3, records.Sum(record => record.Message.Length));
        Assert.All(records, record => Assert.InRange(record.Message.Length, 1, LogLineJoiner.LongestRecord + 8000));
        Assert.Equal(4, records.Count);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "9999")]
    [InlineData(3, "9997 9998 9999")]
    public async Task Tail_ReadsFromTheEnd(int tail, string expected)
    {
        await WriteAsync([.. Enumerable.Range(0, 10_000).Select(number => $"10 stdout F {number}")]);

        Assert.Equal(expected, string.Join(' ', (await ReadAsync(new LogReadOptions { Tail = tail })).Select(record => record.Message)));
    }

    [Fact]
    public async Task Tail_CountsRecordsNotLines()
    {
        await WriteAsync("10 stdout F one", "11 stdout P t", "12 stdout P w", "13 stdout F o", "14 stdout P th", "15 stdout F ree", "16 stdout P four");

        Assert.Equal("two three four", string.Join(' ', (await ReadAsync(new LogReadOptions { Tail = 3 })).Select(record => record.Message)));
        Assert.Equal("one two three four", string.Join(' ', (await ReadAsync(new LogReadOptions { Tail = 30 })).Select(record => record.Message)));
    }

    [Fact]
    public async Task Tail_OfManyBlocks_EqualsTheEndOfAll()
    {
        await WriteAsync([.. Enumerable.Range(0, 5_000).Select(number => $"10 stdout F {new string('x', number % 200)}{number}")]);
        List<LogRecord> all = await ReadAsync(new LogReadOptions());

        Assert.Equal(all[^1234..], await ReadAsync(new LogReadOptions { Tail = 1234 }));
    }

    // The host's clock was set back, or leapt and came back.
    [Fact]
    public async Task ClockThatStepsBack_LosesNoLine()
    {
        await WriteAsync("50 stdout F one", "10 stdout F two", "59 stdout F three", "11 stdout F four");
        DateTimeOffset minute = new(2026, 1, 2, 3, 4, 0, TimeSpan.Zero);

        Assert.Equal("one two three four", string.Join(' ', (await ReadAsync(new LogReadOptions())).Select(record => record.Message)));
        Assert.Equal("three four", string.Join(' ', (await ReadAsync(new LogReadOptions { Tail = 2 })).Select(record => record.Message)));
        Assert.Equal("one three", string.Join(' ', (await ReadAsync(new LogReadOptions { Since = minute.AddSeconds(20) })).Select(record => record.Message)));
        Assert.Equal("two four", string.Join(' ', (await ReadAsync(new LogReadOptions { Until = minute.AddSeconds(20) })).Select(record => record.Message)));
    }

    [Fact]
    public async Task Records_AreChosenByTimeAndStream()
    {
        await WriteAsync("10 stdout F a", "20 stderr F b", "30 stdout F c", "40 stdout F d");
        DateTimeOffset minute = new(2026, 1, 2, 3, 4, 0, TimeSpan.Zero);

        Assert.Equal("c", Assert.Single(await ReadAsync(new LogReadOptions { Since = minute.AddSeconds(20), Until = minute.AddSeconds(30), Stream = LogStream.Stdout })).Message);
    }

    [Fact]
    public async Task Follow_GetsWhatIsWrittenBeforeTheEnd()
    {
        await WriteAsync("10 stdout F a");
        int asked = 0;

        List<LogRecord> records = await ReadAsync(new LogReadOptions
        {
            HasEnded = () =>
            {
                if (++asked == 3)
                {
                    File.AppendAllText(_path, Line("20 stdout F b") + "\n");
                }
                return asked > 3;
            },
        });

        Assert.Equal(["a", "b"], records.Select(record => record.Message));
    }

    [Fact]
    public async Task Follow_IsCancelled()
    {
        using CancellationTokenSource cancel = new(100);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (LogRecord _ in ContainerLogReader.ReadAsync(_path, new LogReadOptions { HasEnded = () => false }, cancel.Token))
            {
            }
        });
    }

    [Fact]
    public async Task Rubbish_IsPassedOver()
    {
        await File.WriteAllTextAsync(_path, "\nhello\n" + Line("10 stdout F a") + "\nstdout F\n", Encoding.UTF8);

        Assert.Equal("a", Assert.Single(await ReadAsync(new LogReadOptions())).Message);
    }

    public void Dispose() => File.Delete(_path);

    private static string Line(string text) => $"2026-01-02T03:04:{text[..2]}.000000006+00:00{text[2..]}";

    private Task WriteAsync(params string[] lines) => File.WriteAllTextAsync(_path, string.Concat(lines.Select(line => Line(line) + "\n")));

    private async Task<List<LogRecord>> ReadAsync(LogReadOptions options)
    {
        List<LogRecord> records = [];
        await foreach (LogRecord record in ContainerLogReader.ReadAsync(_path, options, TestContext.Current.CancellationToken))
        {
            records.Add(record);
        }
        return records;
    }
}
