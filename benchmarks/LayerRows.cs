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
internal sealed class LayerRows(IReadOnlyList<IContender> contenders, Measurements measurements, Func<int, int> rounds, Func<string[], bool> wants)
{
    private const string Tomcat = "unpack Tomcat's layers from local blobs", Small = "unpack a layer of 20,000 small files", Mount = "mount 100 layers",
        Compare = "compare two images that share all but one layer", Open = "find an image in a store with 1,000";

    private LayerImageContender? Ours => contenders.OfType<LayerImageContender>().FirstOrDefault();

    /// <summary>All rows.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using TempFolder folder = new("bench-layers-");
        if (wants([Tomcat, Compare]))
        {
            await TomcatAsync(folder, cancellationToken);
        }
        if (wants([Small]))
        {
            await SmallFilesAsync(folder, cancellationToken);
        }
        if (wants([Mount]))
        {
            await MountAsync(folder, cancellationToken);
        }
        if (wants([Open]))
        {
            await OpenAsync(folder, cancellationToken);
        }
    }

    // podman reads the OCI archive as we do; docker of this age reads its own kind only, whose layers are not packed.
    private async Task TomcatAsync(TempFolder folder, CancellationToken cancellationToken)
    {
        if (TomcatImage.Missing is string missing)
        {
            Console.WriteLine($"No Tomcat: {missing}.");
            return;
        }
        TomcatImage image = await TomcatImage.GetAsync(cancellationToken);
        string oci = folder["oci.tar"], docker = folder["docker.tar"];
        await ShellAsync($"tar -C '{image.Layout}' -cf '{oci}' .; skopeo --insecure-policy copy -q 'oci:{image.Layout}:latest' 'docker-archive:{docker}:tomcat:bench'", cancellationToken);
        if (wants([Tomcat]))
        {
            await UnpackTomcatAsync(image, contender => contender is DockerContender ? docker : oci, folder, cancellationToken);
        }
        if (Ours is LayerImageContender ours && wants([Compare]))
        {
            await CompareAsync(ours, folder, cancellationToken);
        }
    }

    private Task UnpackTomcatAsync(TomcatImage image, Func<IContender, string> archive, TempFolder folder, CancellationToken cancellationToken) =>
        UnpackAsync(Tomcat, archive, folder, cancellationToken,
            ("gunzip, two at a time", $"cd '{image.Layout}/blobs/sha256'; for name in $(ls -S); do [ \"$(od -An -tx1 -N2 $name)\" != ' 1f 8b' ] || echo $name; done | xargs -P 2 -I NAME sh -c 'gunzip <NAME >/dev/null'"));

    private async Task SmallFilesAsync(TempFolder folder, CancellationToken cancellationToken)
    {
        LayerBlob layer = LayerBlob.From(SmallFiles().ToTar(), LayerCompression.None);
        await File.WriteAllBytesAsync(folder["small.tar"], ImageArchives.Docker((new ImageBuilder().WithCommand("sh").WithLayer(layer).Build(), ["localhost/small:bench"])).ToTar(), cancellationToken);
        await UnpackAsync(Small, _ => folder["small.tar"], folder, cancellationToken);
    }

    private async Task UnpackAsync(string row, Func<IContender, string> archive, TempFolder folder, CancellationToken cancellationToken, params (string Name, string Script)[] programs)
    {
        string? tree = null;
        for (int round = 0; round <= rounds(5); round++)
        {
            // The first round warms caches and compiled code, and gives the tree that is copied.
            Measurements times = round == 0 ? new Measurements() : measurements;
            foreach (IContender contender in contenders.Skip(round % contenders.Count).Concat(contenders.Take(round % contenders.Count)))
            {
                await contender.UseEmptyStoreAsync(cancellationToken);
                await SettleAsync(cancellationToken);
                await times.TimeAsync(row, contender.Name, () => contender.LoadAsync(archive(contender), cancellationToken));
                tree ??= contender is LayerImageContender ? Path.Combine(Environment.GetEnvironmentVariable("LAYERIMAGE_ROOT")!, "layers") : null;
            }
            foreach ((string name, string script) in programs)
            {
                await times.TimeAsync(row, name, () => ShellAsync(script, cancellationToken));
            }
            if (tree is not null)
            {
                string copy = folder[$"copy{Guid.NewGuid():N}"];
                await SettleAsync(cancellationToken);
                await times.TimeAsync(row, "cp -a of the tree", () => ShellAsync($"cp -a '{tree}' '{copy}'", cancellationToken));
            }
        }
    }

    private async Task CompareAsync(LayerImageContender ours, TempFolder folder, CancellationToken cancellationToken)
    {
        await ours.UseEmptyStoreAsync(cancellationToken);
        await ours.RunAsync($"Import-LayerImage '{folder["oci.tar"]}' -Reference tomcat:bench; $null = New-LayerContainer tomcat:bench -Name changed");
        string upper = Path.Combine(Environment.GetEnvironmentVariable("LAYERIMAGE_ROOT")!, "containers");
        await ShellAsync($"echo changed >\"$(echo '{upper}'/*)/upper/changed\"", cancellationToken);
        await ours.RunAsync("Save-ContainerAsImage -Name changed -Reference changed:bench; Remove-LayerContainer changed");
        for (int round = 0; round <= rounds(15); round++)
        {
            await (round == 0 ? new Measurements() : measurements).TimeAsync(Compare, ours.Name, () => ours.RunAsync("Compare-LayerImage tomcat:bench changed:bench"));
        }
    }

    private async Task MountAsync(TempFolder folder, CancellationToken cancellationToken)
    {
        if (Ours is not LayerImageContender ours)
        {
            return;
        }
        await ShellAsync($"mkdir -p '{folder["many"]}'; cd '{folder["many"]}'; for i in $(seq 100); do mkdir $i; echo $i >$i/file; done; mkdir '{folder["at"]}'", cancellationToken);
        for (int round = 0; round <= rounds(15); round++)
        {
            await (round == 0 ? new Measurements() : measurements).TimeAsync(Mount, ours.Name, () => ours.RunAsync($"Mount-LayerImage -Layer (1..100 | ForEach-Object {{ '{folder["many"]}/' + $_ }}) -Path '{folder["at"]}'"));
            await ours.RunAsync($"Dismount-LayerImage '{folder["at"]}'");
            await (round == 0 ? new Measurements() : measurements).TimeAsync($"{Mount}, the union alone", ours.Name, () => MountAlone(folder));
            new OverlayMountDriver().UnmountOne(folder["at"], detach: false);
        }
    }

    // Without the record that keeps the layers, which waits for the disk.
    private static Task MountAlone(TempFolder folder)
    {
        new OverlayMountDriver().Mount(new OverlayMount { LowerDirs = [.. Enumerable.Range(1, 100).Select(i => folder[Path.Combine("many", i.ToString(CultureInfo.InvariantCulture))])], Merged = folder["at"] });
        return Task.CompletedTask;
    }

    private async Task OpenAsync(TempFolder folder, CancellationToken cancellationToken)
    {
        if (Ours is not LayerImageContender ours)
        {
            return;
        }
        await ours.UseEmptyStoreAsync(cancellationToken);
        await ShellAsync($"mkdir '{folder["tiny"]}'; echo x >'{folder["tiny"]}/file'", cancellationToken);
        await ours.RunAsync($"foreach ($i in 1..1000) {{ $null = Import-LayerImage '{folder["tiny"]}' -Reference \"many:$i\" }}");
        for (int round = 0; round <= rounds(15); round++)
        {
            Measurements times = round == 0 ? new Measurements() : measurements;
            await times.TimeAsync(Open, ours.Name, () => ours.RunAsync(string.Create(CultureInfo.InvariantCulture, $"Get-LayerImage many:{500 + round}")));
            await times.TimeAsync("open a store with 1,000 images", ours.Name, () => Task.FromResult(new LayerImageEngine(EngineOptions.FromEnvironment()).Images.Get("many:1")));
            await times.TimeAsync("list a store's 1,000 images", ours.Name, () => ours.RunAsync("Get-LayerImage"));
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

    // What one has written is on the disk before the next begins.
    private static Task SettleAsync(CancellationToken cancellationToken) => ShellAsync("sync", cancellationToken);

    private static Task<string> ShellAsync(string script, CancellationToken cancellationToken) =>
        ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, ["/bin/sh", "-ec", script], null, cancellationToken);
}
