using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A layer is on disk once, whoever has it, and goes with the last who has.</summary>
public sealed class SharingTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task SharedLayer_IsStoredAndFetchedOnce()
    {
        LayerBlob shared = Blob(layer => layer.File("shared", "x"));
        BuiltImage one = new ImageBuilder().WithLayer(Blob(layer => layer.File("one"))).WithLayer(shared).Build();
        BuiltImage two = new ImageBuilder().WithLayer(Blob(layer => layer.File("two"))).WithLayer(shared).Build();

        Image first = await _harness.ReceiveAsync(one.PushTo(_harness.Registry, "one"));
        Image second = await _harness.ReceiveAsync(two.PushTo(_harness.Registry, "two"));

        Assert.Equal(first.Layers[1].Path, second.Layers[1].Path);
        Assert.Equal(3, _harness.LayerFolders().Count);
        Assert.Equal(1, _harness.Requests($"blobs/{shared.Digest}"));
        Assert.Equal(2, second.Layers[1].UsedBy.Count);
        Assert.Equal(1 + shared.Blob.Length, second.SharedSize); // one byte in it, and its blob
    }

    [Fact]
    public async Task Remove_FreesWhatNothingElseHas()
    {
        LayerBlob shared = Blob(layer => layer.File("shared", "x"));
        Image one = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(shared).WithLayer(Blob(layer => layer.File("one", "one"))).Build().PushTo(_harness.Registry, "one"));
        Image two = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(shared).WithLayer(Blob(layer => layer.File("two", "two"))).Build().PushTo(_harness.Registry, "two"));

        ImageRemoval pretended = _harness.Engine.Images.Remove(one, one.Reference, force: false, pretend: true);
        Assert.Equal(2, _harness.Engine.Images.List().Count);
        ImageRemoval removed = _harness.Engine.Images.Remove(one, one.Reference, force: false, pretend: false);

        Assert.True(removed.Deleted);
        Assert.Equal(pretended.BytesFreed, removed.BytesFreed);
        Assert.Equal([one.Layers[1].DiffId], removed.DeletedLayers);
        Assert.True(Directory.Exists(two.Layers[0].Path));
        Assert.False(Directory.Exists(one.Layers[1].Path));
        Assert.Equal(4, _harness.Blobs().Count);
        _harness.AssertRecordsFitFiles();
        _harness.Engine.Images.Remove(two, two.Reference, force: false, pretend: false);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task Remove_ByOneOfTwoTags_OnlyUntags()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(Blob(layer => layer.File("a"))).Build().PushTo(_harness.Registry, "one"));
        image = _harness.Engine.Images.AddTag(image, "other:1");

        LayerImageException error = Assert.Throws<LayerImageException>(() => _harness.Engine.Images.Remove(image, image.Id, force: false, pretend: false));
        ImageRemoval removal = _harness.Engine.Images.Remove(image, "other:1", force: false, pretend: false);

        Assert.Equal(EngineError.ImageInUse, error.Error);
        Assert.False(removal.Deleted);
        Assert.Equal(["other:1"], removal.Untagged);
        Assert.Single(_harness.Engine.Images.Get(image.Id).Tags);
        Assert.True(_harness.Engine.Images.Remove(image, null, force: true, pretend: false).Deleted);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task RemoveThenReceive_BringsItBack()
    {
        string reference = new ImageBuilder().WithLayer(Blob(layer => layer.File("a", "x"))).Build().PushTo(_harness.Registry, "one");
        Image first = await _harness.ReceiveAsync(reference);
        _harness.Engine.Images.Remove(first, first.Reference, force: false, pretend: false);

        Image again = await _harness.ReceiveAsync(reference);

        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(again.Layers[0].Path!, "a"), ImageHarness.Stop));
    }

    [Fact]
    public async Task OtherPackingOfAnImage_GoesWithIt()
    {
        byte[] tar = new LayerBuilder().File("a", "x").ToTar();
        BuiltImage packed = new ImageBuilder().WithLayer(LayerBlob.From(tar, LayerCompression.Gzip)).Build(), plain = new ImageBuilder().WithLayer(LayerBlob.From(tar, LayerCompression.None)).Build();
        Assert.Equal(packed.Id, plain.Id);
        await _harness.ReceiveAsync(packed.PushTo(_harness.Registry, "packed"));
        Image image = await _harness.ReceiveAsync(plain.PushTo(_harness.Registry, "plain"));

        _harness.Engine.Images.Remove(image, null, force: true, pretend: false);

        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task LayerWithoutItsParents_TakesThemFromEachBase()
    {
        LayerBlob implied = Blob(layer => layer.File("dir/sub/new", "x"));
        LayerBlob open = Blob(layer => layer.Directory("dir/", Mode(0b111_111_111, 5)).Directory("dir/sub/", Mode(0b111_111_000, 6)));
        LayerBlob closed = Blob(layer => layer.Directory("dir/", Mode(0b111_000_000, 7)).File("dir/old"));
        LayerBlob hidden = Blob(layer => layer.Directory("dir/", Mode(0b111_101_000, 8)).Opaque("dir"));

        Image first = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(open).WithLayer(implied).Build().PushTo(_harness.Registry, "open"));
        Image second = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(closed).WithLayer(implied).Build().PushTo(_harness.Registry, "closed"));
        Image third = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(open).WithLayer(hidden).WithLayer(implied).Build().PushTo(_harness.Registry, "hidden"));
        Image fourth = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(implied).Build().PushTo(_harness.Registry, "alone"));

        Assert.Equal("777:5 770:6", Look(first));
        Assert.Equal("700:7 755:0", Look(second));
        Assert.Equal("750:8 755:0", Look(third));
        Assert.Equal("755:0 755:0", Look(fourth));
        Assert.Equal(2024, Directory.GetLastWriteTimeUtc(Path.Combine(first.Layers[1].Path!, "dir")).Year);
        Assert.Equal(first.Layers[1].ChainId[7..], Path.GetFileName(first.Layers[1].Path));
        Assert.Equal(1, _harness.Requests($"blobs/{implied.Digest}"));
        _harness.AssertRecordsFitFiles();

        foreach (Image image in _harness.Engine.Images.List())
        {
            _harness.Engine.Images.Remove(image, null, force: true, pretend: false);
        }
        _harness.AssertNothingLeft();
    }

    // What a layer's own directory hides does not show through: without anything taken from below, the layer is the same over all.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LayerWithoutItsParents_TakesNoneFromBelowItsOwnOpaqueDirectory(bool isDescribed)
    {
        LayerBlob one = Blob(layer => layer.Directory("dir/", Mode(0b111_000_000, 5)).Directory("dir/sub/", Mode(0b111_111_000, 6)).Directory("gone/", Mode(0b111_000_000, 7)).Directory("gone/sub/", Mode(0b111_000_000, 7)));
        LayerBlob other = Blob(layer => layer.Directory("dir/", Mode(0b111_111_111, 8)).Directory("dir/sub/", Mode(0b111_000_111, 9)));
        // The marks may come after what is in their directory.
        LayerBlob implied = Blob(layer => (isDescribed ? layer.Directory("dir/", Mode(0b111_101_000, 10)) : layer).File("dir/sub/new", "x").Opaque("dir").File("gone/sub/new", "x").Whiteout("gone"));

        Image first = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(one).WithLayer(implied).Build().PushTo(_harness.Registry, "one"));
        Image second = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(other).WithLayer(implied).Build().PushTo(_harness.Registry, "other"));

        Assert.Equal(isDescribed ? "750:10 755:0 755:0 755:0" : "700:5 755:0 755:0 755:0", await MountedAsync(first));
        Assert.Equal(isDescribed ? "750:10 755:0 755:0 755:0" : "777:8 755:0 755:0 755:0", await MountedAsync(second));
        Assert.Equal(isDescribed, first.Layers[1].Path == second.Layers[1].Path);
        Assert.Equal((isDescribed ? first.Layers[1].DiffId : first.Layers[1].ChainId)[7..], Path.GetFileName(first.Layers[1].Path));
        Assert.Empty(await _harness.Engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop));

        await ImageHarness.ShellAsync($"chmod 700 '{first.Layers[1].Path}/dir/sub'");
        Assert.Contains("dir/sub", Assert.Single(await _harness.Engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SameImageTwiceAtOnce_FetchesEachLayerOnce()
    {
        string reference = new ImageBuilder().WithLayer(Blob(layer => layer.File("a", new byte[400_000]))).WithLayer(Blob(layer => layer.File("b/c", new byte[400_001]))).WithLayer(Blob(layer => layer.File("d"))).Build().PushTo(_harness.Registry, "one");
        // As many engines as processes would have: they share only the store.
        Task<Image>[] tasks = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(() => new LayerImageEngine(_harness.Store.Options).Images.ReceiveAsync(reference, new ReceiveOptions(), SilentObserver.Instance, ImageHarness.Stop)))];

        Image[] images = await Task.WhenAll(tasks);

        Assert.Single(images.Select(image => image.Id).Distinct());
        Assert.All(images[0].Layers, layer => Assert.Equal(1, _harness.Requests($"blobs/{layer.Digest}")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task ReceiveAndRemoveAtOnce_LeaveAWholeStore()
    {
        LayerBlob shared = Blob(layer => layer.File("shared", new byte[100_000]));
        string[] references = [.. Enumerable.Range(0, 3).Select(i => new ImageBuilder().WithLayer(shared).WithLayer(Blob(layer => layer.File($"own{i}"))).Build().PushTo(_harness.Registry, $"image{i}"))];

        await Task.WhenAll(references.Select(reference => Task.Run(async () =>
        {
            LayerImageEngine engine = new(_harness.Store.Options);
            for (int i = 0; i < 6; i++)
            {
                Image image = await engine.Images.ReceiveAsync(reference, new ReceiveOptions(), SilentObserver.Instance, ImageHarness.Stop);
                Assert.All(image.Layers, layer => Assert.True(Directory.Exists(layer.Path), layer.Path));
                engine.Images.Remove(image, image.Reference, force: false, pretend: false);
            }
        })));

        Assert.Empty(_harness.Engine.Images.List());
        _harness.AssertRecordsFitFiles();
        foreach (string reference in references)
        {
            Image image = await _harness.ReceiveAsync(reference);
            Assert.All(image.Layers, layer => Assert.Equal(layer.Position == 0 ? "shared" : $"own{reference[^8]}", Path.GetFileName(Directory.EnumerateFiles(layer.Path!).Single())));
        }
    }

    [Fact]
    public async Task Import_SharesItsLayerWithTheSameContent()
    {
        Directory.CreateDirectory(_harness.Store["root/etc"]);
        await File.WriteAllTextAsync(_harness.Store["root/etc/name"], "value", ImageHarness.Stop);
        await ImageHarness.ShellAsync($"tar -C '{_harness.Store["root"]}' --format=posix -czf '{_harness.Store["root.tgz"]}' .");

        Image folder = await _harness.Engine.Images.ImportAsync(_harness.Store["root"], "folder", "from a folder", ImageHarness.Stop);
        Image tar = await _harness.Engine.Images.ImportAsync(_harness.Store["root.tgz"], "tar", null, ImageHarness.Stop);

        Assert.Equal(folder.Layers[0].DiffId, tar.Layers[0].DiffId);
        Assert.Single(_harness.LayerFolders());
        Assert.Equal("from a folder", folder.Message);
        Assert.Empty(TreeDigest.Of(_harness.Store["root"]).DifferencesTo(TreeDigest.Of(folder.Layers[0].Path!)));
    }

    private static LayerBlob Blob(Action<LayerBuilder> fill)
    {
        LayerBuilder layer = new();
        fill(layer);
        return LayerBlob.From(layer.ToTar(), LayerCompression.Gzip);
    }

    private static LayerBuilder.Attributes Mode(int mode, int uid) => new() { Mode = (UnixFileMode)mode, Uid = uid };

    // Of the kernel's union, which the drive must show too.
    private async Task<string> MountedAsync(Image image)
    {
        string[] paths = ["dir", "dir/sub", "gone", "gone/sub"];
        UnionMount mount = await _harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Id }, SilentObserver.Instance, ImageHarness.Stop);
        TreeDigest tree = TreeDigest.Of(mount.Merged);
        await _harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
        string mounted = string.Join(' ', paths.Select(path => $"{tree.Entries[path].Mode}:{tree.Entries[path].Uid}"));
        IEnumerable<LayerImageItem> items = paths.Select(path => _harness.Engine.Browser.Find($"/images/{image.Id[7..19]}/rootfs/{path}", ImageHarness.Stop)!);
        Assert.Equal(mounted, string.Join(' ', items.Select(item => $"{Convert.ToString(item.Permissions!.Value, 8)}:{item.Uid}")));
        return mounted;
    }

    private static string Look(Image image)
    {
        TreeDigest tree = TreeDigest.Of(image.Layers[^1].Path!);
        return $"{tree.Entries["dir"].Mode}:{tree.Entries["dir"].Uid} {tree.Entries["dir/sub"].Mode}:{tree.Entries["dir/sub"].Uid}";
    }
}
