using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;

namespace LayerImage.Benchmarks;

/// <summary>Tomcat's image from a registry on the loopback, to one, and through archives.</summary>
internal sealed class TransferRows(Measurements measurements, BenchmarkOptions options, TempFolder folder)
{
    private const string Pull = "pull Tomcat into an empty store", PullAgain = "pull again, nothing new", Push = "push Tomcat to an empty registry",
        SaveDocker = "save Tomcat as docker archive", SaveOci = "save Tomcat as OCI archive", LoadDocker = "load Tomcat's docker archive";

    /// <summary>All rows.</summary>
    public IEnumerable<Work> All() =>
    [
        new([Pull, PullAgain], (turns, cancellationToken) => WithImageAsync([Pull, PullAgain], turns, PullAsync, cancellationToken)),
        new([Push], (turns, cancellationToken) => WithImageAsync([Push], turns, PushAsync, cancellationToken)),
        new([SaveDocker, SaveOci, LoadDocker], (turns, cancellationToken) => WithImageAsync([SaveDocker, SaveOci, LoadDocker], turns, ArchivesAsync, cancellationToken)),
    ];

    private async Task WithImageAsync(string[] rows, Turns turns, Func<TomcatImage, string, Turns, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if ((TomcatImage.Missing ?? DebianRegistry.Missing) is { } missing)
        {
            measurements.Leave(rows, missing);
            return;
        }
        TomcatImage image = await TomcatImage.GetAsync(cancellationToken);
        await using DebianRegistry registry = await DebianRegistry.StartAsync(cancellationToken);
        await work(image, await image.PushToAsync(registry, "library/tomcat", "latest", cancellationToken), turns, cancellationToken);
    }

    private async Task PullAsync(TomcatImage image, string reference, Turns turns, CancellationToken cancellationToken)
    {
        for (int round = 0; round < options.Rounds(5); round++)
        {
            await turns.RoundAsync(round, async contender =>
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await measurements.TimeAsync(Pull, contender.Name, () => contender.PullAsync(reference, cancellationToken));
                await measurements.TimeAsync(PullAgain, contender.Name, () => contender.PullAsync(reference, cancellationToken));
            }, cancellationToken);
        }
    }

    // Each push meets a registry of its own. skopeo has no store: it copies the folder that the image is in.
    private async Task PushAsync(TomcatImage image, string reference, Turns turns, CancellationToken cancellationToken)
    {
        await PullUncountedAsync(reference, turns, cancellationToken);
        for (int round = 0; round < options.Rounds(3); round++)
        {
            await turns.RoundAsync(round, async contender =>
            {
                await using DebianRegistry empty = await DebianRegistry.StartAsync(cancellationToken);
                await measurements.TimeAsync(Push, contender.Name, () => contender.PushAsync(reference, $"{empty.Host}/library/tomcat:pushed", cancellationToken));
            }, cancellationToken);
            await turns.TryAsync("skopeo", async () =>
            {
                await using DebianRegistry last = await DebianRegistry.StartAsync(cancellationToken);
                await measurements.TimeAsync(Push, "skopeo", () => image.PushToAsync(last, "library/tomcat", "pushed", cancellationToken));
            }, cancellationToken);
        }
    }

    // Each loads what it saved itself.
    private async Task ArchivesAsync(TomcatImage image, string reference, Turns turns, CancellationToken cancellationToken)
    {
        await PullUncountedAsync(reference, turns, cancellationToken);
        for (int round = 0; round < options.Rounds(3); round++)
        {
            await turns.RoundAsync(round, async contender =>
            {
                string docker = Archive(contender, round), oci = folder[$"{contender.Name}-{round}-oci.tar"];
                await measurements.TimeAsync(SaveDocker, contender.Name, () => contender.SaveAsync(reference, docker, cancellationToken));
                if (contender is not DockerContender)
                {
                    await measurements.TimeAsync(SaveOci, contender.Name, () => contender.SaveOciAsync(reference, oci, cancellationToken));
                    File.Delete(oci);
                }
            }, cancellationToken);
        }
        for (int round = 0; round < options.Rounds(3); round++)
        {
            await turns.RoundAsync(round, async contender =>
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await measurements.TimeAsync(LoadDocker, contender.Name, () => contender.LoadAsync(Archive(contender, 0), cancellationToken));
            }, cancellationToken);
        }
    }

    private static Task PullUncountedAsync(string reference, Turns turns, CancellationToken cancellationToken) => turns.RoundAsync(0, async contender =>
    {
        await contender.UseEmptyStoreAsync(cancellationToken);
        await contender.PullAsync(reference, cancellationToken);
    }, cancellationToken);

    private string Archive(IContender contender, int round) => folder[$"{contender.Name}-{round}.tar"];
}
