using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;

namespace LayerImage.Benchmarks;

/// <summary>
/// The rows. In each round every contender does the same once before the next round begins, so that a slow minute of the
/// machine meets them all; each begins a round in turn.
/// </summary>
internal sealed class Suite(IReadOnlyList<IContender> contenders, Measurements measurements, string layerimage, bool quick, string only)
{
    private const int FirstPort = 20_000;
    private int _number;

    private int Rounds(int full) => quick ? Math.Min(full, 2) : full;

    /// <summary>All rows.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Wants("start detached, published port", "exec true", "stop and remove"))
        {
            await LifeAsync(cancellationToken);
        }
        await new CommitRows(contenders, measurements, Rounds, Wants).RunAsync(cancellationToken);
        foreach (int count in (int[])[1, quick ? 10 : 100])
        {
            if (Wants($"list {count}"))
            {
                await ListAsync(count, cancellationToken);
            }
        }
        if (Wants("pull Tomcat into an empty store", "push Tomcat to an empty registry", "save Tomcat as docker archive", "save Tomcat as OCI archive", "load Tomcat's docker archive"))
        {
            await PullAsync(cancellationToken);
        }
    }

    private bool Wants(params string[] rows) => rows.Any(row => row.Contains(only, StringComparison.OrdinalIgnoreCase));

    private async Task LifeAsync(CancellationToken cancellationToken)
    {
        const string start = "start detached, published port";
        // The first round warms caches and compiled code, and is not counted.
        Measurements warmUp = new();
        for (int round = 0; round <= Rounds(15); round++)
        {
            Measurements times = round == 0 ? warmUp : measurements;
            foreach (IContender contender in InTurn(round))
            {
                string container = NextName();
                await times.TimeAsync(start, contender.Name, () => contender.StartAsync(container, FirstPort + _number, cancellationToken));
                await times.TimeAsync("exec true", contender.Name, () => contender.ExecAsync(container, ["true"], cancellationToken));
                await times.TimeAsync("stop and remove", contender.Name, () => contender.RemoveAsync(container, cancellationToken));
                if (contender is LayerImageContender)
                {
                    await ColdStartAsync(times, start, contender, cancellationToken);
                }
            }
        }
    }

    private async Task ColdStartAsync(Measurements times, string row, IContender contender, CancellationToken cancellationToken)
    {
        string container = NextName();
        string line = LayerImageContender.StartCommand(container, FirstPort + _number);
        await times.TimeAsync(row, $"{contender.Name}, cold process", () =>
            ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, [layerimage, "-Command", line], null, cancellationToken));
        await contender.RemoveAsync(container, cancellationToken);
    }

    private async Task ListAsync(int count, CancellationToken cancellationToken)
    {
        Dictionary<IContender, List<string>> running = [];
        foreach (IContender contender in contenders)
        {
            running[contender] = [.. Enumerable.Range(0, count).Select(_ => NextName())];
            foreach (string container in running[contender])
            {
                await contender.StartAsync(container, null, cancellationToken);
            }
        }
        for (int round = 0; round < Rounds(15); round++)
        {
            foreach (IContender contender in InTurn(round))
            {
                await measurements.TimeAsync($"list {count}", contender.Name, () => contender.ListAsync(cancellationToken));
            }
        }
        foreach ((IContender contender, List<string> containers) in running)
        {
            foreach (string container in containers)
            {
                await contender.RemoveAsync(container, cancellationToken);
            }
        }
    }

    private async Task PullAsync(CancellationToken cancellationToken)
    {
        if ((TomcatImage.Missing ?? DebianRegistry.Missing) is { } missing)
        {
            Console.WriteLine($"No pull: {missing}.");
            return;
        }
        TomcatImage image = await TomcatImage.GetAsync(cancellationToken);
        await using DebianRegistry registry = await DebianRegistry.StartAsync(cancellationToken);
        string reference = await image.PushToAsync(registry, "library/tomcat", "latest", cancellationToken);
        for (int round = 0; round < Rounds(5); round++)
        {
            foreach (IContender contender in InTurn(round))
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await measurements.TimeAsync("pull Tomcat into an empty store", contender.Name, () => contender.PullAsync(reference, cancellationToken));
                await measurements.TimeAsync("pull again, nothing new", contender.Name, () => contender.PullAsync(reference, cancellationToken));
            }
        }
        await PushAsync(image, reference, cancellationToken);
        await ArchivesAsync(reference, cancellationToken);
    }

    // Each push meets a registry of its own. skopeo has no store: it copies the folder that the image is in.
    private async Task PushAsync(TomcatImage image, string reference, CancellationToken cancellationToken)
    {
        const string row = "push Tomcat to an empty registry";
        for (int round = 0; round < Rounds(3); round++)
        {
            foreach (IContender contender in InTurn(round))
            {
                await using DebianRegistry empty = await DebianRegistry.StartAsync(cancellationToken);
                await measurements.TimeAsync(row, contender.Name, () => contender.PushAsync(reference, $"{empty.Host}/library/tomcat:pushed", cancellationToken));
            }
            await using DebianRegistry last = await DebianRegistry.StartAsync(cancellationToken);
            await measurements.TimeAsync(row, "skopeo", () => image.PushToAsync(last, "library/tomcat", "pushed", cancellationToken));
        }
    }

    // Each has the image in the store of its last pull, and loads what it saved itself.
    private async Task ArchivesAsync(string reference, CancellationToken cancellationToken)
    {
        using TempFolder folder = new("bench-archive-");
        for (int round = 0; round < Rounds(3); round++)
        {
            foreach (IContender contender in InTurn(round))
            {
                string docker = folder[$"{contender.Name}-{round}.tar"], oci = folder[$"{contender.Name}-{round}-oci.tar"];
                await measurements.TimeAsync("save Tomcat as docker archive", contender.Name, () => contender.SaveAsync(reference, docker, cancellationToken));
                if (contender is not DockerContender)
                {
                    await measurements.TimeAsync("save Tomcat as OCI archive", contender.Name, () => contender.SaveOciAsync(reference, oci, cancellationToken));
                }
                File.Delete(oci);
            }
        }
        for (int round = 0; round < Rounds(3); round++)
        {
            foreach (IContender contender in InTurn(round))
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await measurements.TimeAsync("load Tomcat's docker archive", contender.Name, () => contender.LoadAsync(folder[$"{contender.Name}-0.tar"], cancellationToken));
            }
        }
    }

    private IEnumerable<IContender> InTurn(int round) => contenders.Skip(round % contenders.Count).Concat(contenders.Take(round % contenders.Count));

    private string NextName() => $"bench{++_number}";
}
