using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using LayerImage.Testing.Host;

namespace LayerImage.Benchmarks;

/// <summary>All rows, and those about containers' lives.</summary>
internal sealed class Suite(IReadOnlyList<IContender> contenders, Measurements measurements, BenchmarkOptions options)
{
    private const string Start = "start detached, published port", Exec = "exec true", StopAndRemove = "stop and remove";
    private const int FirstPort = 20_000;
    private int _number;

    /// <summary>Does every work that was asked for, whatever became of the others.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using TempFolder folder = new("bench-work-");
        foreach (Work work in (IEnumerable<Work>)[
            new([Start, Exec, StopAndRemove], LifeAsync),
            .. new CommitRows(measurements, options).All(),
            .. new LayerRows(contenders, measurements, options, folder).All(),
            ListWork(1), ListWork(options.Quick ? 10 : 100),
            .. new TransferRows(measurements, options, folder).All(),
            .. new FirewallRows(contenders, measurements, options, folder).All()])
        {
            if (work.Rows.Any(options.Wants))
            {
                await new Turns(contenders, measurements, work.Rows).RunAsync(work.RunAsync, cancellationToken);
            }
        }
    }

    private async Task LifeAsync(Turns turns, CancellationToken cancellationToken)
    {
        await turns.RoundAsync(0, contender => contender.UseBoxAsync(cancellationToken), cancellationToken);
        // The first round warms caches and compiled code, and is not counted.
        for (int round = 0; round <= options.Rounds(15); round++)
        {
            await turns.RoundAsync(round, async contender =>
            {
                string container = NextName();
                await measurements.TimeAsync(Start, contender.Name, () => contender.StartAsync(container, FirstPort + _number, cancellationToken), round > 0, movesData: false);
                await measurements.TimeAsync(Exec, contender.Name, () => contender.ExecAsync(container, ["true"], cancellationToken), round > 0, movesData: false);
                await measurements.TimeAsync(StopAndRemove, contender.Name, () => contender.RemoveAsync(container, cancellationToken), round > 0, movesData: false);
                if (contender is LayerImageContender)
                {
                    await turns.TryAsync($"{contender.Name}, cold process", () => ColdStartAsync(contender, round > 0, cancellationToken), cancellationToken);
                }
            }, cancellationToken);
        }
    }

    private async Task ColdStartAsync(IContender contender, bool isCounted, CancellationToken cancellationToken)
    {
        string container = NextName();
        string line = LayerImageContender.StartCommand(container, FirstPort + _number);
        await measurements.TimeAsync(Start, $"{contender.Name}, cold process", () =>
            ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, [options.Program, "-Command", line], null, cancellationToken), isCounted, movesData: false);
        await contender.RemoveAsync(container, cancellationToken);
    }

    private Work ListWork(int count) => new([$"list {count}"], (turns, cancellationToken) => ListAsync($"list {count}", count, turns, cancellationToken));

    private async Task ListAsync(string row, int count, Turns turns, CancellationToken cancellationToken)
    {
        await turns.RoundAsync(0, async contender =>
        {
            await contender.UseBoxAsync(cancellationToken);
            for (int i = 0; i < count; i++)
            {
                await contender.StartAsync(NextName(), null, cancellationToken);
            }
        }, cancellationToken);
        for (int round = 0; round < options.Rounds(15); round++)
        {
            await turns.RoundAsync(round, contender => measurements.TimeAsync(row, contender.Name, () => contender.ListAsync(cancellationToken), movesData: false), cancellationToken);
        }
        // None of the next work's time goes into what runs here.
        foreach (IContender contender in contenders)
        {
            await contender.ClearAsync();
        }
    }

    private string NextName() => $"bench{++_number}";
}
