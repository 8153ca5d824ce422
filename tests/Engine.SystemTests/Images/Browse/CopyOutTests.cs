using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images.Browse;

/// <summary>Files of an image, copied to this machine.</summary>
public sealed class CopyOutTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task KeepsNamesThatThisMachineCanHave()
    {
        string longest = new('n', 255);
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("dir/").File("dir/a\\x2db", "1").File("dir/line\nbreak", "2").File("dir/" + longest, "3").SymbolicLink("dir/link", "a\\x2db")));

        string copy = Copy($"/images/{Folder(image)}/rootfs/dir", _harness.Store["out"], recurse: true);

        Assert.Equal("1", await File.ReadAllTextAsync(copy + "/a\\x2db", ImageHarness.Stop));
        Assert.Equal("2", await File.ReadAllTextAsync(copy + "/line\nbreak", ImageHarness.Stop));
        Assert.Equal("3", await File.ReadAllTextAsync(copy + "/" + longest, ImageHarness.Stop));
        Assert.Equal("a\\x2db", new FileInfo(copy + "/link").LinkTarget);
        Assert.Equal(4, Directory.GetFileSystemEntries(copy).Length);
    }

    [Fact]
    public async Task LeavesHoles()
    {
        byte[] content = new byte[3_000_001];
        (content[0], content[1_500_000], content[^1]) = (1, 2, 3);
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("lastlog", content).File("zeros", new byte[1 << 20])));
        string root = $"/images/{Folder(image)}/rootfs/", copy = Copy(root + "lastlog", _harness.Store["copy"]), zeros = Copy(root + "zeros", _harness.Store["zeros"]);

        Assert.Equal(content, await File.ReadAllBytesAsync(copy, ImageHarness.Stop));
        Assert.Equal(new byte[1 << 20], await File.ReadAllBytesAsync(zeros, ImageHarness.Stop));
        Assert.InRange(int.Parse(await ImageHarness.ShellAsync($"stat -c %b '{copy}'"), System.Globalization.CultureInfo.InvariantCulture), 1, 100);
    }

    [Theory]
    [InlineData("dir", "it is no folder")]
    [InlineData("link", "it is a folder")]
    [InlineData("file", "it is a folder")]
    public async Task TellsWhatIsInTheWay(string name, string what)
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("top/").File("top/file", "x").SymbolicLink("top/link", "file").Directory("top/dir/")));
        string way = Path.Combine(_harness.Store["out"], "top");
        Directory.CreateDirectory(name == "dir" ? way : $"{way}/{name}/in");
        if (name == "dir")
        {
            await File.WriteAllTextAsync(way + "/dir", "x", ImageHarness.Stop);
        }

        LayerImageException error = Assert.Throws<LayerImageException>(() => Copy($"/images/{Folder(image)}/rootfs/top", _harness.Store["out"], recurse: true, force: true));

        Assert.Equal((EngineError.PathInvalid, $"{way}/{name}"), (error.Error, error.Target));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(way, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }), path => path.EndsWith(".tmp", StringComparison.Ordinal));
    }

    private string Copy(string path, string target, bool recurse = false, bool force = false) =>
        _harness.Engine.Browser.CopyOut(path, target, recurse, force, SilentObserver.Instance, ImageHarness.Stop);

    private async Task<Image> ReceiveAsync(ImageBuilder image) => await _harness.ReceiveAsync(image.Build().PushTo(_harness.Registry, "some/image"));

    private static string Folder(Image image) => image.Tags[0].Replace(":latest", "/latest", StringComparison.Ordinal);
}
