using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Archives that podman, skopeo and umoci write are read here, and those that are written here they read.</summary>
public sealed class ForeignArchiveTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly PodmanStore _podman = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _podman.Dispose();
        await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData("docker-archive", LayerCompression.Gzip)]
    [InlineData("docker-archive", LayerCompression.None)]
    [InlineData("oci-archive", LayerCompression.Gzip)]
    [InlineData("oci", LayerCompression.Gzip)]
    public async Task SkopeoCopied(string transport, LayerCompression compression)
    {
        Need("skopeo");
        BuiltImage built = Build("one", compression);
        built.WriteLayout(_harness.Store["source"], "v1");
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; skopeo --insecure-policy copy -q oci:source:v1 {transport}:out:example.com/team/one:v1");

        Image image = Assert.Single(await ImportAsync(_harness.Store["out"], transport == "oci" ? "example.com/team/one:v1" : null));

        Assert.Equal(["example.com/team/one:v1"], image.Tags);
        Assert.Equal(built.Id, image.Id);
        Assert.Equal(built.Layers.Select(layer => layer.DiffId), image.Layers.Select(layer => layer.DiffId));
        if (transport != "docker-archive")
        {
            Assert.Equal(built.Digest, image.Digest);
        }
        _harness.AssertRecordsFitFiles();
    }

    [Theory]
    [InlineData("docker-archive -m")]
    [InlineData("docker-archive")]
    [InlineData("oci-archive")]
    public async Task PodmanSaved(string format)
    {
        Need("podman", "skopeo");
        string[] ids = [await LoadIntoPodmanAsync("one"), await LoadIntoPodmanAsync("two")];
        bool several = format.EndsWith("-m", StringComparison.Ordinal);
        await _podman.RunAsync($"save --format {format} -o '{_harness.Store["out"]}' localhost/one:v1 {(several ? "localhost/two:v1" : "")}");

        List<Image> images = await ImportAsync(_harness.Store["out"]);

        Assert.Equal(several ? ids : ids[..1], images.Select(image => image.Id));
        Assert.Equal("localhost/one:v1", images[0].Reference);
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task UmociMade()
    {
        Need("umoci");
        string layout = _harness.Store["layout"];
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; umoci init --layout layout; umoci new --image layout:v1; umoci unpack --image layout:v1 bundle; echo x >bundle/rootfs/file; umoci repack --image layout:v1 bundle; tar -cf layout.tar -C layout .");

        Image folder = Assert.Single(await ImportAsync(layout, "folder:v1")), archive = Assert.Single(await ImportAsync(_harness.Store["layout.tar"], "archive:v1"));

        Assert.Equal((folder.Id, folder.Digest), (archive.Id, archive.Digest));
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(folder.Layers[^1].Path!, "file"), ImageHarness.Stop));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("xz")]
    [InlineData("bzip2")]
    public async Task CompressedByOthers_ArchivesAndRootFileSystems(string program)
    {
        Need("skopeo", program);
        BuiltImage built = Build("one", LayerCompression.None);
        await File.WriteAllBytesAsync(_harness.Store["archive"], ImageArchives.Docker((built, ["one:1"])).ToTar(), ImageHarness.Stop);
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; mkdir -p root/etc; echo x >root/etc/file; tar -cf root.tar -C root .; {program} -c archive >archive.packed; {program} -c root.tar >root.packed");

        Image image = Assert.Single(await ImportAsync(_harness.Store["archive.packed"])), root = Assert.Single(await ImportAsync(_harness.Store["root.packed"], "root"));

        Assert.Equal(built.Id, image.Id);
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(root.Layers[0].Path!, "etc/file"), ImageHarness.Stop));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
    }

    [Theory]
    [InlineData(ImageExportFormat.DockerArchive)]
    [InlineData(ImageExportFormat.OciArchive)]
    public async Task Written_IsLoadedAndRunByPodman(ImageExportFormat format)
    {
        Need("podman", "busybox");
        Image image = await _harness.Engine.Images.ImportAsync(await BusyboxRootFs.CreateAsync(_harness.Store["root"], ImageHarness.Stop), "localhost/box:1", null, ImageHarness.Stop);
        Image other = await _harness.ReceiveAsync(Build("two", LayerCompression.Gzip).PushTo(_harness.Registry, "two", "v2"));
        // podman reads one image of an OCI archive, and all of a docker archive.
        Image[] images = format == ImageExportFormat.OciArchive ? [image] : [image, other];
        FileSystemInfo written = await ExportAsync("out.tar", format, images);

        await _podman.LoadAsync(written.FullName);

        foreach (Image each in images)
        {
            Assert.Contains(each.Id, await _podman.RunAsync("images --no-trunc -q"), StringComparison.Ordinal);
        }
        Assert.Equal(BusyboxRootFs.HomePage.TrimEnd('\n'), await _podman.RunImageAsync(image.Id, "cat /srv/www.dist/index.html"));
    }

    [Theory]
    [InlineData(ImageExportFormat.DockerArchive, "docker-archive")]
    [InlineData(ImageExportFormat.OciArchive, "oci-archive")]
    [InlineData(ImageExportFormat.OciLayout, "oci")]
    public async Task Written_IsCopiedBySkopeoAndUnpackedByUmoci(ImageExportFormat format, string transport)
    {
        Need("skopeo", "umoci");
        List<Image> images = [];
        foreach (string name in new[] { "one", "two" })
        {
            images.Add(_harness.Engine.Images.AddTag(await _harness.ReceiveAsync(Build(name, LayerCompression.Gzip).PushTo(_harness.Registry, name, "v1")), $"{name}:{name}"));
        }
        FileSystemInfo written = await _harness.Engine.Images.ExportAsync([.. images.Select(image => new ImageToExport(image, [image.Tags.First(tag => !tag.Contains('/', StringComparison.Ordinal))]))],
            _harness.Store["out"], new ExportOptions { Format = format }, SilentObserver.Instance, ImageHarness.Stop);

        foreach (Image image in images)
        {
            string tag = image.Tags.First(tag => !tag.Contains('/', StringComparison.Ordinal));
            string source = format == ImageExportFormat.DockerArchive ? $"{transport}:out:{tag}" : $"{transport}:out:{tag.Split(':')[1]}";
            await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; rm -rf copy bundle; skopeo --insecure-policy copy -q {source} oci:copy:c; umoci unpack --image copy:c bundle");
            Assert.Equal(tag.Split(':')[0], await File.ReadAllTextAsync(_harness.Store["bundle/rootfs/own"], ImageHarness.Stop));
            Assert.Contains(image.Id, await ImageHarness.ShellAsync($"skopeo --insecure-policy inspect --raw oci:'{_harness.Store["copy"]}':c"), StringComparison.Ordinal);
        }
    }

    private static BuiltImage Build(string name, LayerCompression compression) => new ImageBuilder().WithCommand("sh")
        .WithLayer(layer => layer.Directory("./").Directory("etc/").File("etc/base", "base"), compression).WithLayer(layer => layer.File("own", name), compression).Build();

    private async Task<string> LoadIntoPodmanAsync(string name)
    {
        BuiltImage built = Build(name, LayerCompression.None);
        await File.WriteAllBytesAsync(_harness.Store[name], ImageArchives.Docker((built, [$"localhost/{name}:v1"])).ToTar(), ImageHarness.Stop);
        await _podman.LoadAsync(_harness.Store[name]);
        return "sha256:" + (await _podman.RunAsync($"image inspect --format '{{{{.Id}}}}' localhost/{name}:v1"));
    }

    private async Task<List<Image>> ImportAsync(string path, string? reference = null)
    {
        List<Image> images = [];
        await foreach (Image image in _harness.Engine.Images.ImportAsync(path, new ImportOptions { Reference = reference }, SilentObserver.Instance, ImageHarness.Stop))
        {
            images.Add(image);
        }
        return images;
    }

    private Task<FileSystemInfo> ExportAsync(string name, ImageExportFormat format, IEnumerable<Image> images) => _harness.Engine.Images.ExportAsync(
        [.. images.Select(image => new ImageToExport(image, image.Tags))], _harness.Store[name], new ExportOptions { Format = format }, SilentObserver.Instance, ImageHarness.Stop);

    private static void Need(params string[] tools)
    {
        string? missing = Requires.All([.. tools.Select(Requires.Tool)]);
        Assert.SkipWhen(missing is not null, missing ?? "");
    }
}
