namespace LayerImage.Benchmarks;

/// <summary>
/// Commits of new content, so that no layer of an earlier round can be had instead. It is on the disk before, and the
/// file system has nothing else to write when the clock starts.
/// </summary>
internal sealed class CommitRows(Measurements measurements, BenchmarkOptions options)
{
    private const string OneFile = "head -c 500000000 /dev/urandom >/file; sync";
    private const string SmallFiles = "for d in $(seq 20); do mkdir /d$d; for i in $(seq 1000); do echo $d $i $RANDOM$RANDOM$RANDOM >/d$d/$i; done; done; sync";
    private int _number;

    /// <summary>All rows.</summary>
    public IEnumerable<Work> All() =>
    [
        Row("commit 10 MB", "for i in 1 2 3 4 5; do head -c 2000000 /dev/urandom >/file$i; done; sync", stops: false, 5),
        Row("commit stopped, 500 MB in one file", OneFile, stops: true, 3),
        Row("commit stopped, 20,000 small files", SmallFiles, stops: true, 3),
        Row("commit running, 500 MB in one file", OneFile, stops: false, 3),
        Row("commit running, 20,000 small files", SmallFiles, stops: false, 3),
        Row("commit stopped, no change", "true", stops: true, 7),
    ];

    private Work Row(string row, string change, bool stops, int rounds) => new([row], async (turns, cancellationToken) =>
    {
        await turns.RoundAsync(0, contender => contender.UseBoxAsync(cancellationToken), cancellationToken);
        for (int round = 0; round < options.Rounds(rounds); round++)
        {
            await turns.RoundAsync(round, async contender =>
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
            }, cancellationToken);
        }
    });
}
