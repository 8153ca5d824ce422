using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>Containers of a small image that are changed without running, and what is said when they are committed.</summary>
internal sealed class CommitHarness : IAsyncDisposable
{
    private readonly OverlayMountDriver _driver = new();

    public CommitHarness(bool inMemory = false)
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        Images = new ImageHarness(inMemory: inMemory);
        Base = new ImageBuilder().WithCommand("sh").WithEnvironment("PATH=/bin")
            .WithLayer(layer => layer.Directory("./").Directory("dev/").Directory("proc/").Directory("sys/").Directory("etc/").File("etc/hosts").File("etc/hostname").File("etc/resolv.conf")
                .Directory("dir/").File("dir/a", "a").File("dir/b", "b").Directory("dir/sub/").File("dir/sub/deep", "d").File("file", "old").Directory("tmp/"))
            .Build().PushTo(Images.Registry, "base/image");
    }

    public ImageHarness Images { get; }

    public string Base { get; }

    /// <summary>What commits told.</summary>
    public List<string> Warnings { get; } = [];

    public Task<Container> CreateAsync(string? image = null, params string[] volumes) => Images.Engine.Containers.CreateAsync(
        new ContainerRequest { Image = image ?? Base, Network = NetworkMode.None, Volumes = [.. volumes.Select(VolumeMount.Parse)] }, SilentObserver.Instance, ImageHarness.Stop);

    public Task<Image> CommitAsync(Container container, CommitOptions options) =>
        Images.Engine.Commits.CommitAsync(container.Id, options, new Listener(Warnings), ImageHarness.Stop);

    /// <summary>Changes what a container sees, by a shell of the host, and returns all that it sees then.</summary>
    public async Task<TreeDigest> ChangeAsync(Container container, string script)
    {
        Image image = Images.Engine.Images.Find(container.Spec.ImageId)[0];
        string merged = Images.Layout.Merged(container.Id);
        _driver.Mount(new OverlayMount
        {
            LowerDirs = [.. image.Layers.Reverse().Select(layer => layer.Path!)],
            UpperDir = Images.Layout.Upper(container.Id),
            WorkDir = Images.Layout.Work(container.Id),
            Merged = merged,
        });
        try
        {
            await ImageHarness.ShellAsync($"umask 022; cd '{merged}'; {script}");
            return TreeDigest.Of(merged);
        }
        finally
        {
            _driver.Unmount(merged);
        }
    }

    /// <summary>What a container of an image sees.</summary>
    public async Task<TreeDigest> ShowAsync(Image image)
    {
        Container container = await CreateAsync(image.Id);
        TreeDigest shown = await ChangeAsync(container, "");
        await Images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        return shown;
    }

    /// <summary>The names in a layer's tar.</summary>
    public async Task<string[]> NamesAsync(Image image)
    {
        string archive = Images.Store[$"{Guid.NewGuid():N}.tar"];
        await Images.Engine.Images.ExportAsync([new ImageToExport(image, [])], archive, new ExportOptions { Format = ImageExportFormat.DockerArchive }, SilentObserver.Instance, ImageHarness.Stop);
        string layer = await ImageHarness.ShellAsync($"mkdir '{archive}.d'; tar -xf '{archive}' -C '{archive}.d'; grep -o '\"Layers\":[^]]*' '{archive}.d/manifest.json' | grep -o '[^\"]*\\.tar\\|blobs[^\"]*' | tail -1");
        return (await ImageHarness.ShellAsync($"tar -tf '{archive}.d/{layer}'")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public ValueTask DisposeAsync() => Images.DisposeAsync();

    private sealed class Listener(List<string> warnings) : IEngineObserver
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message) => warnings.Add(message);

        public void Progress(TransferProgress progress)
        {
        }
    }
}
