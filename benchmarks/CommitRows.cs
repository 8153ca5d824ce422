namespace LayerImage.Benchmarks;

/// <summary>
/// Commits of new content, so that no layer of an earlier round can be had instead. It is on the disk before, and the
/// file system has nothing else to write when the clock starts.
/// </summary>
internal sealed class CommitRows(IReadOnlyList<IContender> contenders, Measurements measurements, Func<int, int> rounds, Func<string[], bool> wants)
{
    private const string OneFile = "head -c 500000000 /dev/urandom >/file; sync";
    private const string SmallFiles = "for d in $(seq 20); do mkdir /d$d; for i in $(seq 1000); do echo $d $i $RANDOM$RANDOM$RANDOM >/d$d/$i; done; done; sync";
    private int _number;

    /// <summary>All rows.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await RowAsync("commit 10 MB", "for i in 1 2 3 4 5; do head -c 2000000 /dev/urandom >/file$i; done; sync", stops: false, rounds(5), cancellationToken);
        foreach (bool stops in (bool[])[true, false])
        {
            string state = stops ? "stopped" : "running";
            await RowAsync($"commit {state}, 500 MB in one file", OneFile, stops, rounds(3), cancellationToken);
            await RowAsync($"commit {state}, 20,000 small files", SmallFiles, stops, rounds(3), cancellationToken);
        }
        await RowAsync("commit stopped, no change", "true", stops: true, rounds(7), cancellationToken);
    }

    private async Task RowAsync(string row, string change, bool stops, int count, CancellationToken cancellationToken)
    {
        for (int round = 0; round < (wants([row]) ? count : 0); round++)
        {
            foreach (IContender contender in contenders.Skip(round % contenders.Count).Concat(contenders.Take(round % contenders.Count)))
            {
                string container = $"commit{++_number}";
                await contender.StartAsync(container, null, cancellationToken);
                await contender.ExecAsync(container, ["sh", "-c", change], cancellationToken);
                if (stops)
                {
                    await contender.StopAsync(container, cancellationToken);
                }
                await measurements.TimeAsync(row, contender.Name, () => contender.CommitAsync(container, $"committed:{container}", cancellationToken));
                await contender.RemoveAsync(container, cancellationToken);
            }
        }
    }
}
