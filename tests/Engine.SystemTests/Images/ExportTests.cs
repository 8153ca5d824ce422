using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>What is exported is read by programs that are not ours, and is what was received.</summary>
public sealed class ExportTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(ImageFormat.Oci, LayerCompression.Gzip)]
    [InlineData(ImageFormat.Oci, LayerCompression.None)]
    [InlineData(ImageFormat.Docker, LayerCompression.Gzip)]
    [InlineData(ImageFormat.Docker, LayerCompression.None)]
    public async Task ReceivedImage_GoesOutAsItCame(ImageFormat format, LayerCompression compression)
    {
        RequireSkopeo();
        BuiltImage built = new ImageBuilder().WithFormat(format).WithCommand("sh").WithLayer(layer => layer.Directory("./").File("a", "x"), compression).Build();
        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "some/image", "v1"));

        await _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["layout"], ImageHarness.Stop);

        string inspected = await ImageHarness.ShellAsync($"skopeo --insecure-policy inspect oci:'{_harness.Store["layout"]}':v1");
        Assert.Contains(built.Layers[0].Digest, inspected, StringComparison.Ordinal);
        await ImageHarness.ShellAsync($"skopeo --insecure-policy copy -q --preserve-digests oci:'{_harness.Store["layout"]}':v1 dir:'{_harness.Store["dir"]}'");
        string manifest = await File.ReadAllTextAsync(_harness.Store["dir/manifest.json"], ImageHarness.Stop);
        Assert.Contains(built.Id, manifest, StringComparison.Ordinal);
        if (format == ImageFormat.Oci)
        {
            Assert.Equal(Encoding.UTF8.GetString(built.Manifest), manifest);
        }
        Assert.Equal(built.Layers[0].Blob, await File.ReadAllBytesAsync(_harness.Store["dir/" + built.Layers[0].Digest[7..]], ImageHarness.Stop));
    }

    [Fact]
    public async Task ImportedFolder_IsUnpackedByUmociAsItWas()
    {
        RequireSkopeo();
        Assert.SkipWhen(Requires.Tool("umoci") is not null, Requires.Tool("umoci") ?? "");
        await ImageHarness.ShellAsync($"mkdir -p '{_harness.Store["root"]}/etc/deep'; cd '{_harness.Store["root"]}'; echo a >etc/file; chmod 4711 etc/file; chown 5:70000 etc; ln etc/file hard; ln -s etc link; mkfifo etc/fifo; mknod null c 1 3; touch -d '2001-01-01 0:0:0.5 UTC' etc/file etc .");
        Image image = await _harness.Engine.Images.ImportAsync(_harness.Store["root"], "box:1", null, ImageHarness.Stop);

        await _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["layout"], ImageHarness.Stop);
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; umoci unpack --image layout:1 bundle; skopeo --insecure-policy copy -q oci:layout:1 dir:dir");

        Assert.Empty(TreeDigest.Of(_harness.Store["root"]).DifferencesTo(TreeDigest.Of(_harness.Store["bundle/rootfs"])));
        Assert.Contains(image.Id, await ImageHarness.ShellAsync($"skopeo --insecure-policy inspect --raw oci:'{_harness.Store["layout"]}':1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExportedLayout_IsReceivedAgainThroughARegistry()
    {
        RequireSkopeo();
        Directory.CreateDirectory(_harness.Store["root"]);
        await File.WriteAllTextAsync(_harness.Store["root/file"], "x", ImageHarness.Stop);
        Image image = await _harness.Engine.Images.ImportAsync(_harness.Store["root"], "box:1", null, ImageHarness.Stop);
        await _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["layout"], ImageHarness.Stop);
        await ImageHarness.ShellAsync($"skopeo --insecure-policy copy -q --dest-tls-verify=false oci:'{_harness.Store["layout"]}':1 docker://{_harness.Registry.Host}/box:1");

        Image again = await _harness.ReceiveAsync($"{_harness.Registry.Host}/box:1");

        Assert.Equal(image.Id, again.Id);
        Assert.Single(_harness.LayerFolders());
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task TwoTags_AreTwoNames()
    {
        RequireSkopeo();
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image", "v1"));
        image = _harness.Engine.Images.AddTag(image, "other:v2");

        await _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["layout"], ImageHarness.Stop);

        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; skopeo --insecure-policy inspect oci:layout:v1 >/dev/null; skopeo --insecure-policy inspect oci:layout:v2 >/dev/null");
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("layer")]
    public async Task Damage_IsFoundAndLeavesNothing(string kind)
    {
        Directory.CreateDirectory(_harness.Store["root"]);
        await File.WriteAllTextAsync(_harness.Store["root/file"], "x", ImageHarness.Stop);
        Image image = kind == "blob"
            ? await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image"))
            : await _harness.Engine.Images.ImportAsync(_harness.Store["root"], "box:1", null, ImageHarness.Stop);
        string damaged = kind == "blob" ? _harness.Layout.Blob(Digest.Parse(image.Layers[0].Digest!)) : Path.Combine(image.Layers[0].Path!, "file");
        byte[] bytes = await File.ReadAllBytesAsync(damaged, ImageHarness.Stop);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes, ImageHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["out/layout"], ImageHarness.Stop));

        Assert.Equal(EngineError.LayerCorrupt, error.Error);
        Assert.True(!Directory.Exists(_harness.Store["out"]) || !Directory.EnumerateFileSystemEntries(_harness.Store["out"]).Any());
    }

    [Fact]
    public async Task FolderWithContent_IsRefused()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image"));
        Directory.CreateDirectory(_harness.Store["layout"]);
        await File.WriteAllTextAsync(_harness.Store["layout/mine"], "x", ImageHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.Engine.Images.ExportOciLayoutAsync(image, _harness.Store["layout"], ImageHarness.Stop));

        Assert.Equal(EngineError.PathInvalid, error.Error);
        Assert.Equal(["mine"], Directory.EnumerateFileSystemEntries(_harness.Store["layout"]).Select(path => Path.GetFileName(path)));
    }

    private static void RequireSkopeo() => Assert.SkipWhen(Requires.Tool("skopeo") is not null, Requires.Tool("skopeo") ?? "");
}
