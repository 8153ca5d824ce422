using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Paths that are longer than the 4096 bytes which one system call takes.</summary>
public sealed class LongPathTests : IAsyncDisposable
{
    private const int Parts = 30;
    private static readonly string s_long = string.Concat(Enumerable.Range(0, Parts).Select(i => $"{i:D2}{new string('n', 200)}/"));
    private readonly LayerHarness _harness = new();
    private readonly ImageHarness _images = new();

    // The BCL cannot remove such a path.
    public async ValueTask DisposeAsync()
    {
        foreach (string folder in (string[])[_harness["around"], _harness["again"], _images.Layout.Layers, _images.Layout.Containers])
        {
            TreeRemoval.Remove(folder);
        }
        await _images.DisposeAsync();
        _harness.Dispose();
    }

    [Fact]
    public void LongPath_IsUnpackedAndPackedAgain()
    {
        byte[] tar = Fill(new LayerBuilder()).ToTar();

        _harness.Unpack(tar);

        Assert.Empty(LayerVerifier.Verify(new MemoryStream(tar), _harness["around/layer"], [], 10, LayerHarness.Stop));
        DigestedTree first = _harness.Seal("around/layer", "first.tar");
        string names = _harness.Shell("tar tf first.tar");
        foreach (string name in (string[])["file", "hard", "link", ".wh.gone", "sub/"])
        {
            Assert.Contains(s_long + name, names.Split('\n'));
        }
        _harness.UnpackFile("first.tar", "again");
        Assert.Equal(first.DiffId, _harness.Seal("again", "second.tar").DiffId);
        LayerEntry? node = LayerHarness.Index(tar);
        foreach (string part in s_long.TrimEnd('/').Split('/'))
        {
            node = node!.Find(part);
        }
        Assert.Equal(LayerNodeType.Whiteout, node!.Find("gone")!.Type);
    }

    [Fact]
    public async Task LongPath_OfAnImage_IsCheckedReadComparedAndCommitted()
    {
        string name = new ImageBuilder().WithCommand("sh").WithLayer(layer => Fill(layer)).WithLayer(layer => layer.File(s_long + "file", "changed").Whiteout(s_long + "hard")).Build().PushTo(_images.Registry, "some/image");
        string lower = new ImageBuilder().WithCommand("sh").WithLayer(layer => Fill(layer)).Build().PushTo(_images.Registry, "lower/image");

        Image image = await _images.ReceiveAsync(name), below = await _images.ReceiveAsync(lower);

        Assert.Empty(await _images.Engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop));
        string[] folders = [.. Enumerable.Range(0, 2).Select(layer => $"/images/{image.Id[7..19]}/layers/{layer}/{s_long}"), $"/images/{image.Id[7..19]}/rootfs/{s_long}"];
        using (StreamReader reader = new(_images.Engine.Browser.OpenContent(folders[^1] + "file", ImageHarness.Stop)))
        {
            Assert.Equal("changed", await reader.ReadToEndAsync(ImageHarness.Stop));
        }
        Assert.Equal(["file", "link", "sub"], _images.Engine.Browser.List(folders[^1], ImageHarness.Stop).Select(item => item.Name));
        Assert.Equal([$"Modified /{s_long}file", $"Deleted /{s_long}hard"], (await ChangesAsync(below, image)).Where(change => change.Type == LayerItemType.File).Select(change => $"{change.Kind} {change.Path}"));

        Container container = await _images.Engine.Containers.CreateAsync(new ContainerRequest { Image = name, Network = NetworkMode.None }, SilentObserver.Instance, ImageHarness.Stop);
        LayerUnpacker.Unpack(new MemoryStream(new LayerBuilder().File(s_long + "own", "own").ToTar()), _images.Layout.Upper(container.Id), ImageHarness.Stop);
        foreach (CommitOptions options in (CommitOptions[])[new() { Reference = "a:copy", Timestamp = DateTimeOffset.UnixEpoch }, new() { Reference = "the:upper" }])
        {
            Image committed = await _images.Engine.Commits.CommitAsync(container.Id, options, SilentObserver.Instance, ImageHarness.Stop);
            Assert.Contains(await ChangesAsync(image, committed), change => change.Path == $"/{s_long}own" && change.Kind == LayerChangeKind.Added);
        }
        Assert.Empty(await _images.Engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop));
        await _images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
    }

    [Theory]
    [InlineData(LayerPath.MostDepth, true)]
    [InlineData(LayerPath.MostDepth + 1, false)]
    public void Depth_HasALimit(int parts, bool isTaken)
    {
        Assert.SkipWhen(Requires.OpenFiles(4096) is not null, Requires.OpenFiles(4096) ?? "");
        byte[] tar = new LayerBuilder().File(string.Concat(Enumerable.Repeat("d/", parts - 1)) + "file").ToTar();
        if (isTaken)
        {
            Assert.Equal(parts - 1, _harness.Unpack(tar).ImpliedDirectories.Count);
            Assert.Equal(parts, _harness.Seal("around/layer", "sealed.tar", includeRoot: false).Entries);
            return;
        }
        Assert.Contains($"{LayerPath.MostDepth} parts", _harness.Refuse(tar).Message, StringComparison.Ordinal);
        Assert.Null(LayerHarness.Index(tar));
    }

    [Fact]
    public void LongPathThroughALink_IsRefused()
    {
        byte[] tar = new LayerBuilder().Directory(s_long + "sub/").SymbolicLink(s_long + "link", "sub").File(s_long + "link/file").ToTar();

        Assert.Contains("symbolic link", _harness.Refuse(tar).Message, StringComparison.Ordinal);
        Assert.Null(LayerHarness.Index(tar));
    }

    private async Task<List<LayerChange>> ChangesAsync(Image before, Image after)
    {
        LayerStack one = await _images.Engine.Images.GetTreeAsync(before, SilentObserver.Instance, ImageHarness.Stop), two = await _images.Engine.Images.GetTreeAsync(after, SilentObserver.Instance, ImageHarness.Stop);
        return [.. one.CompareTo(two, new LayerCompareOptions(), ImageHarness.Stop)];
    }

    private static LayerBuilder Fill(LayerBuilder layer)
    {
        for (int parts = 1; parts <= Parts; parts++)
        {
            layer.Directory(s_long[..(parts * 203)]);
        }
        return layer.File(s_long + "file", "content", new() { Uid = 70_000, XAttrs = new Dictionary<string, string> { ["user.x"] = "y" } })
            .HardLink(s_long + "hard", s_long + "file").SymbolicLink(s_long + "link", "../nowhere").Whiteout(s_long + "gone").Directory(s_long + "sub/");
    }
}
