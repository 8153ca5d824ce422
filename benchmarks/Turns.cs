namespace LayerImage.Benchmarks;

/// <summary>
/// The engines at one piece of work. In each round every one does the same once before the next round begins, so that a slow
/// minute of the machine meets them all; each begins a round in turn. Who fails is told in the table, and out for the rest of this work.
/// </summary>
/// <param name="contenders">Who takes part.</param>
/// <param name="measurements">Where times and failures go.</param>
/// <param name="rows">What the work measures.</param>
internal sealed class Turns(IReadOnlyList<IContender> contenders, Measurements measurements, IReadOnlyList<string> rows)
{
    private readonly HashSet<string> _out = [];

    /// <summary>One round: all that still take part, one after another.</summary>
    public async Task RoundAsync(int round, Func<IContender, Task> work, CancellationToken cancellationToken)
    {
        int first = round % contenders.Count;
        foreach (IContender contender in contenders.Skip(first).Concat(contenders.Take(first)))
        {
            await TryAsync(contender.Name, () => work(contender), cancellationToken);
        }
    }

    /// <summary>Something that one of them does, or a program beside them.</summary>
    public async Task TryAsync(string column, Func<Task> work, CancellationToken cancellationToken)
    {
        if (_out.Contains(column))
        {
            return;
        }
        try
        {
            await work();
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            _out.Add(column);
            measurements.Fail(rows, column, error);
        }
    }

    /// <summary>The work as a whole: what fails outside the engines is all engines' failure.</summary>
    public async Task RunAsync(Func<Turns, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(this, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            foreach (IContender contender in contenders)
            {
                measurements.Fail(rows, contender.Name, error);
            }
        }
    }
}
