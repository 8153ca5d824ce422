using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Benchmarks;

/// <summary>Times by row (the work) and column (the engine), and their table.</summary>
internal sealed class Measurements
{
    private readonly List<string> _rows = [];
    private readonly List<string> _columns = [];
    private readonly Dictionary<(string Row, string Column), List<double>> _times = [];

    /// <summary>
    /// Does something once and notes how long it took. What was written before is on the disk by then: else who waits
    /// for the disk would wait for the others' data, too. And a virtual machine has the memory that its host may have taken back.
    /// </summary>
    public async Task TimeAsync(string row, string column, Func<Task> work)
    {
        await ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, ["sync"], null, CancellationToken.None);
        TakeMemory();
        long start = Stopwatch.GetTimestamp();
        await work();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (!_rows.Contains(row))
        {
            _rows.Add(row);
        }
        if (!_columns.Contains(column))
        {
            _columns.Add(column);
        }
        if (!_times.TryGetValue((row, column), out List<double>? times))
        {
            _times[(row, column)] = times = [];
        }
        times.Add(milliseconds);
    }

    // Free memory goes back to the host after seconds (free page reporting), and the first touch of each page then costs more
    // than what is written to it: the same import took 1.4 s or 2.3 s by that alone.
    private static unsafe void TakeMemory()
    {
        const nuint size = 2u << 30, page = 4096;
        byte* memory = (byte*)NativeMemory.Alloc(size);
        for (nuint offset = 0; offset < size; offset += page)
        {
            memory[offset] = 1;
        }
        NativeMemory.Free(memory);
    }

    /// <summary>A Markdown table: median (lowest to highest) in milliseconds, and the first column's ratio to the others.</summary>
    public string ToTable(string subject)
    {
        string[] columns = [.. _columns.OrderByDescending(column => column.StartsWith(subject, StringComparison.Ordinal))];
        string[] peers = [.. columns.Where(column => !column.StartsWith(subject, StringComparison.Ordinal))];
        StringBuilder table = new();
        table.Append("| work, ms |").AppendJoin(" |", columns.Select(column => $" {column}"))
            .Append(" |").AppendJoin(" |", peers.Select(peer => $" {subject} / {peer}")).AppendLine(" |");
        table.Append("|---|").AppendJoin('|', Enumerable.Repeat("---:", columns.Length + peers.Length)).AppendLine("|");
        foreach (string row in _rows)
        {
            IEnumerable<string> cells = columns.Select(column => Cell(row, column)).Concat(peers.Select(peer => Ratio(row, subject, peer)));
            table.Append(CultureInfo.InvariantCulture, $"| {row} | ").AppendJoin(" | ", cells).AppendLine(" |");
        }
        return table.ToString();
    }

    private string Cell(string row, string column) => Find(row, column) is not { } times ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{Median(times):F0} ({times.Min():F0}–{times.Max():F0}, n={times.Count})");

    private string Ratio(string row, string subject, string peer) => Find(row, subject) is { } ours && Find(row, peer) is { } theirs
        ? (Median(ours) / Median(theirs)).ToString("F2", CultureInfo.InvariantCulture)
        : "–";

    private List<double>? Find(string row, string column) => _times.GetValueOrDefault((row, column));

    private static double Median(List<double> times)
    {
        List<double> sorted = [.. times.Order()];
        int middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
