using System.Globalization;
using LayerImage.Engine;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Processes;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;

namespace LayerImage.Benchmarks;

/// <summary>
/// Layers: unpacking what is here, uniting many, comparing, opening a store with much in it. Beside the engines stand the
/// plain programs that do a part of the same: nothing can be faster than what it must do anyhow.
/// </summary>
internal sealed class LayerRows(IReadOnlyList<IContender> contenders, Measurements measurements, BenchmarkOptions options, TempFolder folder)
{
    private const string Tomcat = "unpack Tomcat's layers from local blobs", Small = "unpack a layer of 20,000 small files", Mount = "mount 100 layers",
        MountAlone = "mount 100 layers, the union alone", Compare = "compare two images that share all but one layer",
        Find = "find an image in a store with 1,000", Open = "open a store with 1,000 images", List = "list a store's 1,000 images";

    private LayerImageContender? Ours => contenders.OfType<LayerImageContender>().FirstOrDefault();

    /// <summary>All rows.</summary>
    public IEnumerable<Work> All() =>
    [
        new([Tomcat], TomcatAsync),
        new([Compare], Alone(CompareAsync)),
        new([Small], SmallFilesAsync),
        new([Mount, MountAlone], Alone(MountAsync)),
        new([Find, Open, List], Alone(OpenAsync)),
    ];

    // What the others have no command for.
    private Func<Turns, CancellationToken, Task> Alone(Func<LayerImageContender, CancellationToken, Task> work) => (turns, cancellationToken) =>
        Ours is LayerImageContender ours ? turns.TryAsync(ours.Name, () => work(ours, cancellationToken), cancellationToken) : Task.CompletedTask;

    // podman reads the OCI archive as we do; docker of this age reads its own kind only, whose layers are not packed.
    private async Task TomcatAsync(Turns turns, CancellationToken cancellationToken)
    {
        if (TomcatImage.Missing is string missing)
        {
            measurements.Leave([Tomcat], missing);
            return;
        }
        TomcatImage image = await TomcatImage.GetAsync(cancellationToken);
        string oci = await OciArchiveAsync(image, cancellationToken), docker = folder["docker.tar"];
        await ShellAsync($"skopeo --insecure-policy copy -q 'oci:{image.Layout}:latest' 'docker-archive:{docker}:tomcat:bench'", cancellationToken);
        await UnpackAsync(Tomcat, contender => contender is DockerContender ? docker : oci, turns, cancellationToken,
            ("gunzip, two at a time", $"cd '{image.Layout}/blobs/sha256'; for name in $(ls -S); do [ \"$(od -An -tx1 -N2 $name)\" != ' 1f 8b' ] || echo $name; done | xargs -P 2 -I NAME sh -c 'gunzip <NAME >/dev/null'"));
    }

    private async Task<string> OciArchiveAsync(TomcatImage image, CancellationToken cancellationToken)
    {
        string archive = folder["oci.tar"];
        await ShellAsync($"tar -C '{image.Layout}' -cf '{archive}' .", cancellationToken);
        return archive;
    }

    private async Task SmallFilesAsync(Turns turns, CancellationToken cancellationToken)
    {
        LayerBlob layer = LayerBlob.From(SmallFiles().ToTar(), LayerCompression.None);
        await File.WriteAllBytesAsync(folder["small.tar"], ImageArchives.Docker((new ImageBuilder().WithCommand("sh").WithLayer(layer).Build(), ["localhost/small:bench"])).ToTar(), cancellationToken);
        await UnpackAsync(Small, _ => folder["small.tar"], turns, cancellationToken);
    }

    private async Task UnpackAsync(string row, Func<IContender, string> archive, Turns turns, CancellationToken cancellationToken, params (string Name, string Script)[] programs)
    {
        string? tree = null;
        for (int round = 0; round <= options.Rounds(5); round++)
        {
            // The first round warms caches and compiled code, and gives the tree that is copied.
            bool isCounted = round > 0;
            await turns.RoundAsync(round, async contender =>
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await measurements.TimeAsync(row, contender.Name, () => contender.LoadAsync(archive(contender), cancellationToken), isCounted);
                tree ??= contender is LayerImageContender ? Path.Combine(Environment.GetEnvironmentVariable("LAYERIMAGE_ROOT")!, "layers") : null;
            }, cancellationToken);
            foreach ((string name, string script) in programs)
            {
                await turns.TryAsync(name, () => measurements.TimeAsync(row, name, () => ShellAsync(script, cancellationToken), isCounted), cancellationToken);
            }
            if (tree is not null)
            {
                const string copying = "cp -a of the tree";
                string copy = folder[$"copy{Guid.NewGuid():N}"];
                await turns.TryAsync(copying, () => measurements.TimeAsync(row, copying, () => ShellAsync($"cp -a '{tree}' '{copy}'", cancellationToken), isCounted), cancellationToken);
            }
        }
    }

    private async Task CompareAsync(LayerImageContender ours, CancellationToken cancellationToken)
    {
        if (TomcatImage.Missing is string missing)
        {
            measurements.Leave([Compare], missing);
            return;
        }
        string archive = await OciArchiveAsync(await TomcatImage.GetAsync(cancellationToken), cancellationToken);
        await ours.UseEmptyStoreAsync(cancellationToken);
        await ours.RunAsync($"Import-LayerImage '{archive}' -Reference tomcat:bench; $null = New-LayerContainer tomcat:bench -Name changed");
        string upper = Path.Combine(Environment.GetEnvironmentVariable("LAYERIMAGE_ROOT")!, "containers");
        await ShellAsync($"echo changed >\"$(echo '{upper}'/*)/upper/changed\"", cancellationToken);
        await ours.RunAsync("Save-ContainerAsImage -Name changed -Reference changed:bench; Remove-LayerContainer changed");
        for (int round = 0; round <= options.Rounds(15); round++)
        {
            await measurements.TimeAsync(Compare, ours.Name, () => ours.RunAsync("Compare-LayerImage tomcat:bench changed:bench"), round > 0);
        }
    }

    private async Task MountAsync(LayerImageContender ours, CancellationToken cancellationToken)
    {
        await ours.UseEmptyStoreAsync(cancellationToken);
        string many = folder["many"], at = folder["at"];
        await ShellAsync($"mkdir -p '{many}'; cd '{many}'; for i in $(seq 100); do mkdir $i; echo $i >$i/file; done; mkdir '{at}'", cancellationToken);
        OverlayMountDriver driver = new();
        OverlayMount alone = new() { LowerDirs = [.. Enumerable.Range(1, 100).Select(i => Path.Combine(many, i.ToString(CultureInfo.InvariantCulture)))], Merged = at };
        for (int round = 0; round <= options.Rounds(15); round++)
        {
            await measurements.TimeAsync(Mount, ours.Name, () => ours.RunAsync($"Mount-LayerImage -Layer (1..100 | ForEach-Object {{ '{many}/' + $_ }}) -Path '{at}'"), round > 0);
            await ours.RunAsync($"Dismount-LayerImage '{at}'");
            // Without the record that keeps the layers, which waits for the disk.
            await measurements.TimeAsync(MountAlone, ours.Name, () => Task.Run(() => driver.Mount(alone), cancellationToken), round > 0);
            driver.UnmountOne(at, detach: false);
        }
    }

    private async Task OpenAsync(LayerImageContender ours, CancellationToken cancellationToken)
    {
        await ours.UseEmptyStoreAsync(cancellationToken);
        await ShellAsync($"mkdir '{folder["tiny"]}'; echo x >'{folder["tiny"]}/file'", cancellationToken);
        await ours.RunAsync($"foreach ($i in 1..1000) {{ $null = Import-LayerImage '{folder["tiny"]}' -Reference \"many:$i\" }}");
        for (int round = 0; round <= options.Rounds(15); round++)
        {
            await measurements.TimeAsync(Find, ours.Name, () => ours.RunAsync(string.Create(CultureInfo.InvariantCulture, $"Get-LayerImage many:{500 + round}")), round > 0);
            await measurements.TimeAsync(Open, ours.Name, () => Task.FromResult(new LayerImageEngine(EngineOptions.FromEnvironment()).Images.Get("many:1")), round > 0);
            await measurements.TimeAsync(List, ours.Name, () => ours.RunAsync("Get-LayerImage"), round > 0);
        }
    }

    private static LayerBuilder SmallFiles()
    {
        LayerBuilder layer = new LayerBuilder().Directory("./");
        for (int directory = 0; directory < 20; directory++)
        {
            layer.Directory($"d{directory}/");
            for (int file = 0; file < 1000; file++)
            {
                layer.File($"d{directory}/{file}", $"{directory} {file} a line of text that is as short as many are\n");
            }
        }
        return layer;
    }

    private static Task<string> ShellAsync(string script, CancellationToken cancellationToken) =>
        ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, ["/bin/sh", "-ec", script], null, cancellationToken);
}
