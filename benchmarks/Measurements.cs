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
    private readonly HashSet<(string Row, string Column)> _failures = [];
    private readonly List<string> _notes = [];

    /// <summary>
    /// Does something once and notes how long it took. What was written before is on the disk by then: else who waits
    /// for the disk would wait for the others' data, too. And a virtual machine has the memory that its host may have taken back.
    /// </summary>
    /// <param name="row">What is done.</param>
    /// <param name="column">Who does it.</param>
    /// <param name="work">Does it.</param>
    /// <param name="isCounted">Whether it counts; else it is only done.</param>
    /// <param name="movesData">Whether it writes so much that it matters where free memory is; to make that sure takes seconds.</param>
    public async Task TimeAsync(string row, string column, Func<Task> work, bool isCounted = true, bool movesData = true)
    {
        await ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, ["sync"], null, CancellationToken.None);
        if (movesData)
        {
            TakeMemory();
        }
        long start = Stopwatch.GetTimestamp();
        try
        {
            await work();
        }
        catch
        {
            Add(row, column);
            _failures.Add((row, column));
            throw;
        }
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        if (isCounted)
        {
            Add(row, column);
            _times[(row, column)].Add(milliseconds);
        }
    }

    /// <summary>Whether something failed.</summary>
    public bool HasFailures { get; private set; }

    /// <summary>Tells that somebody failed at some work: at the row that was timed then, and at those that it did not get to.</summary>
    /// <param name="rows">The rows of the work; none where it is none of the table's.</param>
    /// <param name="column">Who.</param>
    /// <param name="error">How.</param>
    public void Fail(IReadOnlyList<string> rows, string column, Exception error)
    {
        HasFailures = true;
        foreach (string row in rows)
        {
            Add(row, column);
            if (_times[(row, column)].Count == 0)
            {
                _failures.Add((row, column));
            }
        }
        string where = string.Concat(rows.Where(row => _failures.Contains((row, column))).Select(row => row + ": "));
        Note($"{where}{column} failed: {error.Message}");
    }

    /// <summary>Tells that rows are not measured here, which is nobody's failure.</summary>
    public void Leave(IReadOnlyList<string> rows, string reason) => Note($"{string.Join("; ", rows)}: not measured: {reason}.");

    /// <summary>Says something beneath the table, and at once.</summary>
    public void Note(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        _notes.Add(line);
        Console.WriteLine(line);
    }

    private void Add(string row, string column)
    {
        if (!_rows.Contains(row))
        {
            _rows.Add(row);
        }
        if (!_columns.Contains(column))
        {
            _columns.Add(column);
        }
        _times.TryAdd((row, column), []);
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

    /// <summary>A Markdown table: median (lowest to highest) in milliseconds, and the first column's ratio to the others; beneath it the notes.</summary>
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
        return _notes.Count == 0 ? table.ToString() : table.AppendLine().AppendJoin('\n', _notes.Select(note => $"- {note}")).AppendLine().ToString();
    }

    private string Cell(string row, string column) => _failures.Contains((row, column)) ? "failed" : Find(row, column) is not { } times ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{Median(times):F0} ({times.Min():F0}–{times.Max():F0}, n={times.Count})");

    private string Ratio(string row, string subject, string peer) => Find(row, subject) is { } ours && Find(row, peer) is { } theirs
        ? (Median(ours) / Median(theirs)).ToString("F2", CultureInfo.InvariantCulture)
        : "–";

    private List<double>? Find(string row, string column) =>
        _times.GetValueOrDefault((row, column)) is { Count: > 0 } times && !_failures.Contains((row, column)) ? times : null;

    private static double Median(List<double> times)
    {
        List<double> sorted = [.. times.Order()];
        int middle = sorted.Count / 2;
        return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
