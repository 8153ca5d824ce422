namespace LayerImage.Benchmarks;

/// <summary>A piece of work: the rows that it measures, and how. It sets up what it needs, and needs nothing of what was before.</summary>
/// <param name="Rows">The names in the table.</param>
/// <param name="RunAsync">Does it.</param>
internal sealed record Work(IReadOnlyList<string> Rows, Func<Turns, CancellationToken, Task> RunAsync);
