using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images.Browse;

/// <summary>Looking into images, unpacked or not: what the kernel's union would show, and nothing beside.</summary>
public sealed class BrowserTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    private LayerImageBrowser Browser => _harness.Engine.Browser;

    public static TheoryData<bool> Forms => [false, true];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task RootFs_IsWhatTheKernelsUnionShows(bool packed)
    {
        Image image = await ReceiveAsync(Layered());
        string expected = await MountedAsync(image);
        if (packed)
        {
            Pack(image);
        }

        string shown = string.Join('\n', Walk("/images/" + Folder(image) + "/rootfs", "").Order(StringComparer.Ordinal));

        Assert.Equal(expected, shown);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Content_IsReadFromWhereItIs(bool packed)
    {
        Image image = await ReceiveAsync(Layered());
        if (packed)
        {
            Pack(image);
        }
        string root = $"/images/{Folder(image)}/rootfs";

        Assert.Equal("base", Read(root + "/etc/kept"));
        Assert.Equal("top", Read(root + "/etc/changed"));
        Assert.Equal("base", Read(root + "/hard"));
        Assert.Equal("top", Read(root + "/absolute"));
        Assert.Equal("top", Read(root + "/dirlink/changed"));
        Assert.Equal("base", Read(root + "/climbing"));
        Assert.Equal(packed ? 1 : 0, Directory.GetFiles(_harness.Layout.Cache).Length > 0 ? 1 : 0);
    }

    [Fact]
    public async Task Layers_ShowTheirOwnNamesAndMarks()
    {
        Image image = await ReceiveAsync(Layered());
        string layer = $"/images/{Folder(image)}/layers/1";

        LayerImageItem[] items = [.. Browser.List(layer, ImageHarness.Stop)];
        Assert.Contains(items, item => item is { Name: "gone", IsWhiteout: true, Mode: "w---------" });
        Assert.Contains(items, item => item is { Name: "replaced", IsOpaque: true });
        Assert.DoesNotContain(items, item => item.Name == "hard");
        Assert.Equal(items.Select(item => item.Name), Browser.List("/layers/" + image.Layers[1].DiffId[7..19], ImageHarness.Stop).Select(item => item.Name));
        Assert.Null(Browser.Find($"/images/{Folder(image)}/rootfs/gone", ImageHarness.Stop));
        Refuse($"{layer}/gone", EngineError.PathInvalid);
    }

    [Fact]
    public async Task Links_LeadNowhereOutside()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("dir/").File("etc/own", "own")
            .SymbolicLink("passwd", "/etc/passwd").SymbolicLink("far", "../../../../../../etc/passwd").SymbolicLink("proc", "/proc/self/root/etc/passwd")
            .SymbolicLink("own", "../../../etc/own").SymbolicLink("loop", "loop").SymbolicLink("a", "b").SymbolicLink("b", "a").SymbolicLink("dir/here", ".").SymbolicLink("dir/up", "..")
            .CharacterDevice("zero", 1, 5).Fifo("pipe")));
        string root = $"/images/{Folder(image)}/rootfs";

        Assert.Equal("own", Read(root + "/own"));
        foreach (string name in (string[])["passwd", "far", "proc", "loop", "a", "zero", "pipe", "dir"])
        {
            Refuse($"{root}/{name}", EngineError.PathInvalid);
        }
        // A drive's path climbs as text, and not out of the drive.
        Assert.Equal("LayerImage:/images", Browser.Find("/images/../../../images", ImageHarness.Stop)!.FullPath);
        Assert.False(Browser.Find(root + "/dir/here", ImageHarness.Stop)!.IsContainer);
        Assert.False(Browser.Find(root + "/dir/up", ImageHarness.Stop)!.IsContainer);
        Assert.True(Walk(root, "").Count() < 20);
    }

    [Fact]
    public async Task Names_OfAnyBytesComeBack()
    {
        string hostile = "back\\slash\u001b[31m\nline\uf041";
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File(hostile, "1")
            .Bytes(Latin1Header()).File("after", "2")));
        string root = $"/images/{Folder(image)}/rootfs";

        LayerImageItem[] items = [.. Browser.List(root, ImageHarness.Stop)];

        Assert.Equal(3, items.Length);
        Assert.All(items, item => Assert.DoesNotContain(item.Name, c => char.IsControl(c) || c is '\\' or '/' or '\ufffd'));
        Assert.All(items, item => Assert.Equal(item with { XAttrNames = [] }, Browser.Find(item.FullPath["LayerImage:".Length..], ImageHarness.Stop)! with { XAttrNames = [] }));
        // Packed, it has the same names; and .NET, which cleans up after the test, cannot name such a file.
        Pack(image);
        Assert.Equal(["", "1", "2"], items.Select(item => Read(item.FullPath["LayerImage:".Length..])).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Index_IsMadeAgainWhenDamagedAndGoesWithItsImage()
    {
        Image image = await ReceiveAsync(Layered());
        Pack(image);
        string root = $"/images/{Folder(image)}/rootfs";
        string[] before = [.. Walk(root, "")];
        _ = Read(root + "/etc/kept");
        foreach (string index in Directory.GetFiles(_harness.Layout.Indexes))
        {
            byte[] bytes = await File.ReadAllBytesAsync(index, ImageHarness.Stop);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(index, bytes, ImageHarness.Stop);
        }

        LayerImageEngine another = new(_harness.Store.Options);
        Assert.Equal("base", ReadFrom(another.Browser, root + "/etc/kept"));
        Assert.Equal(before.Length, Walk(root, "").Count());
        another.Images.Remove(another.Images.Get(image.Id), null, force: true, pretend: false);

        Assert.Empty(Directory.GetFiles(_harness.Layout.Indexes));
        Assert.Empty(Directory.GetFiles(_harness.Layout.Cache));
        Assert.Empty(Directory.GetFileSystemEntries(_harness.Layout.Scratch));
        Assert.Null(Browser.Find(root, ImageHarness.Stop));
    }

    [Fact]
    public async Task Cache_KeepsWithinItsBoundAndIsCleared()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("one", new byte[300_000])).WithLayer(layer => layer.File("two", new byte[300_000])).WithLayer(layer => layer.File("big", new byte[2_000_000]).File("end", "end")));
        Pack(image);
        LayerImageBrowser bounded = new LayerImageEngine(_harness.Store.Options with { LayerCacheBytes = 500_000 }).Browser;
        LayerCache cache = new(_harness.Layout, null);
        string root = $"/images/{Folder(image)}/rootfs";

        Assert.Equal(300_000, ReadFrom(bounded, root + "/one").Length);
        Assert.Equal(300_000, ReadFrom(bounded, root + "/two").Length);
        Assert.Equal("end", ReadFrom(bounded, root + "/end")); // too large to keep: read from the blob

        Assert.Single(Directory.GetFiles(_harness.Layout.Cache));
        Assert.InRange(cache.Size(), 300_000, 500_000);
        Assert.Equal(cache.Size(), cache.Clear());
        Assert.Equal(0, cache.Size());
        Assert.Equal(300_000, ReadFrom(bounded, root + "/one").Length);
    }

    [Fact]
    public async Task DamagedBlob_IsToldAndLeavesNothing()
    {
        Image image = await ReceiveAsync(Layered());
        Pack(image);
        string blob = _harness.Layout.Blob(Oci.Digest.Parse(image.Layers[0].Digest!));
        byte[] bytes = await File.ReadAllBytesAsync(blob, ImageHarness.Stop);
        // Not one bit: a distance into a run of zeros may become another one, and unpack to the same.
        for (int i = bytes.Length / 2; i < (bytes.Length / 2) + 16; i++)
        {
            bytes[i] ^= 0xA5;
        }
        await File.WriteAllBytesAsync(blob, bytes, ImageHarness.Stop);

        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => Browser.List($"/images/{Folder(image)}/rootfs", ImageHarness.Stop).ToList());

        Assert.True(error.Error is EngineError.LayerCorrupt or EngineError.LayerInvalid, error.ToString());
        Assert.DoesNotContain(Directory.GetFiles(_harness.Layout.Indexes), index => index.EndsWith(image.Layers[0].DiffId[7..], StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(_harness.Layout.Scratch));
    }

    [Fact]
    public async Task Repositories_AreFoldersThatRoundTrip()
    {
        BuiltImage image = new ImageBuilder().WithLayer(layer => layer.File("file", "x")).Build();
        await _harness.ReceiveAsync(image.PushTo(_harness.Registry, "team/app", "v1"));
        Image received = await _harness.ReceiveAsync(image.PushTo(_harness.Registry, "team/app/v1", "latest"));
        _harness.Engine.Images.AddTag(received, "tomcat:9");
        string registry = _harness.Registry.Host.Replace(':', '+');

        Assert.Equal([registry, "tomcat"], Browser.List("/images", ImageHarness.Stop).Select(item => item.Name).Order(StringComparer.Ordinal));
        // A tag and a repository that goes on from it are one folder.
        Assert.Equal(["config", "latest", "layers", "manifest", "rootfs"], Browser.List($"/images/{registry}/team/app/v1", ImageHarness.Stop).Select(item => item.Name).Order(StringComparer.Ordinal));
        foreach (string path in (string[])["tomcat/9", "docker.io/library/tomcat/9", $"{registry}/team/app/v1", $"{_harness.Registry.Host}/team/app/v1/latest", image.Id[7..19]])
        {
            Assert.Equal("x", Read($"\\images\\{path.Replace('/', '\\')}\\rootfs\\file"));
        }
        Assert.Equal(Encoding.UTF8.GetString(image.Config), Read("/images/tomcat/9/config"));
        Assert.Equal(Encoding.UTF8.GetString(image.Manifest), Read("/images/tomcat/9/manifest"));
        Assert.Null(Browser.Find("/images/tomcat/8", ImageHarness.Stop));
    }

    [Fact]
    public async Task CopyOut_WritesThroughNoLink()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("dir/").File("dir/file", "content", new() { Mode = UnixFileMode.SetUser | UnixFileMode.UserRead })
            .SymbolicLink("dir/link", "/tmp").Directory("dir/sub/").File("dir/sub/x", "x").Fifo("dir/pipe")));
        string root = $"/images/{Folder(image)}/rootfs", target = _harness.Store["out"];
        Directory.CreateDirectory(target);
        Directory.CreateDirectory(_harness.Store["elsewhere"]);

        Assert.Equal(EngineError.PathInvalid, Assert.Throws<LayerImageException>(() => Copy(root + "/dir", target)).Error);
        string copy = Copy(root + "/dir", target, recurse: true);

        Assert.Equal(Path.Combine(target, "dir"), copy);
        Assert.Equal("content", await File.ReadAllTextAsync(copy + "/file", ImageHarness.Stop));
        Assert.Equal("400", await ImageHarness.ShellAsync($"stat -c %a '{copy}/file'"));
        Assert.Equal("/tmp", new FileInfo(copy + "/link").LinkTarget);
        Assert.Equal(["file", "link", "sub"], Directory.GetFileSystemEntries(copy).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

        Directory.Delete(copy + "/sub", recursive: true);
        File.CreateSymbolicLink(copy + "/sub", _harness.Store["elsewhere"]);
        Assert.Throws<LayerImageException>(() => Copy(root + "/dir", target, recurse: true, force: true));
        Assert.Empty(Directory.GetFileSystemEntries(_harness.Store["elsewhere"]));
    }

    private string Copy(string path, string target, bool recurse = false, bool force = false) => Browser.CopyOut(path, target, recurse, force, SilentObserver.Instance, ImageHarness.Stop);

    private static ImageBuilder Layered() => new ImageBuilder()
        .WithLayer(layer => layer.Directory("./", new() { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute })
            .Directory("etc/", new() { Gid = 5, Time = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero) }).File("etc/kept", "base", new() { Uid = 80_000, Mode = UnixFileMode.SetUser | UnixFileMode.UserRead })
            .File("etc/changed", "base").File("gone", "x").Directory("gonedir/").File("gonedir/x").Directory("replaced/").File("replaced/old").Directory("tofile/").File("tofile/x").File("todir", "x")
            .SymbolicLink("dirlink", "etc").CharacterDevice("null", 1, 3).Fifo("pipe").HardLink("hard", "etc/kept"))
        .WithLayer(layer => layer.File("etc/changed", "top").Whiteout("gone").Whiteout("gonedir").Directory("replaced/").Opaque("replaced").File("replaced/new").File("tofile", "now").Directory("todir/").File("todir/x")
            .SymbolicLink("absolute", "/etc/changed").SymbolicLink("climbing", "../../etc/kept"));

    private async Task<Image> ReceiveAsync(ImageBuilder image) => await _harness.ReceiveAsync(image.Build().PushTo(_harness.Registry, "some/image"));

    private static string Folder(Image image) => image.Tags[0].Replace(":latest", "/latest", StringComparison.Ordinal);

    private string Read(string path) => ReadFrom(Browser, path);

    private static string ReadFrom(LayerImageBrowser browser, string path)
    {
        using StreamReader reader = new(browser.OpenContent(path, ImageHarness.Stop));
        return reader.ReadToEnd();
    }

    private void Refuse(string path, EngineError expected) => Assert.Equal(expected, Assert.ThrowsAny<LayerImageException>(() => Browser.OpenContent(path, ImageHarness.Stop).Dispose()).Error);

    // Type, permissions, owner, size, time and target of each name, as find prints them.
    private IEnumerable<string> Walk(string path, string prefix)
    {
        foreach (LayerImageItem item in Browser.List(path, ImageHarness.Stop))
        {
            string type = item.Type switch { LayerImageItemType.Directory => "d", LayerImageItemType.SymbolicLink => "l", LayerImageItemType.CharacterDevice => "c", LayerImageItemType.Fifo => "p", _ => "f" };
            yield return $"{prefix}{item.Name} {type} {Convert.ToString(item.Permissions!.Value, 8)} {item.Uid} {item.Gid} {item.Length} {item.LastWriteTime!.Value.ToUnixTimeSeconds()} {item.LinkTarget}";
            if (item.Type == LayerImageItemType.Directory)
            {
                foreach (string inside in Walk($"{path}/{item.Name}", $"{prefix}{item.Name}/"))
                {
                    yield return inside;
                }
            }
        }
    }

    private async Task<string> MountedAsync(Image image)
    {
        string merged = _harness.Store["merged"];
        Directory.CreateDirectory(merged);
        string lower = string.Join(':', image.Layers.Reverse().Select(layer => layer.Path));
        string found = await ImageHarness.ShellAsync($"mount -t overlay overlay -o 'lowerdir={lower}' '{merged}'; cd '{merged}'; find . -mindepth 1 -printf '%P %y %m %U %G %s %Ts %l\\n' | sed -E 's/^([^ ]+ [dlcp] [0-9]+ [0-9]+ [0-9]+) [0-9]+ /\\1  /'; cd /; umount '{merged}'");
        return string.Join('\n', found.Split('\n').Order(StringComparer.Ordinal));
    }

    private void Pack(Image image)
    {
        StoreDatabase.Open(_harness.Layout.Database).Write(transaction =>
        {
            transaction.Execute("UPDATE image_layer SET layer = NULL WHERE image = ?1", image.Id);
            transaction.Execute("DELETE FROM layer");
        });
        foreach (ImageLayer layer in image.Layers)
        {
            TreeRemoval.Remove(layer.Path!);
        }
    }

    private static byte[] Latin1Header()
    {
        byte[] block = new UstarHeader("name?") { Size = 0 }.ToBytes();
        block[4] = 0xe9;
        block.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(block.Sum(value => (long)value), 8).PadLeft(6, '0') + "\0").CopyTo(block, 148);
        return block;
    }
}
