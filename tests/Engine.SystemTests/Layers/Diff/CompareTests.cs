using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Two images compared: every kind of change.</summary>
public sealed class CompareTests : IAsyncLifetime
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly DateTimeOffset s_later = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ImageHarness _harness = new();
    private int _number;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task EveryKindOfChange_IsToldOnce()
    {
        LayerChange[] changes = await CompareAsync(
            layer => layer.File("content", "old").File("same", "x").File("mode").File("owner").File("time").File("xattr").File("cap").File("gone").SymbolicLink("link", "a")
                .CharacterDevice("device", 1, 3).Fifo("pipe").Directory("dir").File("dir/in").Directory("todir2file").File("todir2file/x").File("tofile2dir")
                .Directory("opaque").File("opaque/a").File("opaque/b").File("linked"),
            layer => layer.File("content", "newer").File("same", "x").File("mode", "", new() { Mode = Private }).File("owner", "", new() { Uid = 5, Gid = 100_000 })
                .File("time", "", new() { Time = s_later }).File("xattr", "", new() { XAttrs = new Dictionary<string, string> { ["user.a"] = "1" } }).Whiteout("gone").SymbolicLink("link", "b")
                .CharacterDevice("device", 1, 5).SymbolicLink("pipe", "x").Directory("dir").File("dir/new").File("todir2file").Directory("tofile2dir").File("tofile2dir/y")
                .Directory("opaque").Opaque("opaque").File("opaque/b").HardLink("linked2", "linked3").File("linked3"),
            async upper => await ImageHarness.ShellAsync($"setcap cap_net_raw+ep '{upper}/cap' 2>/dev/null || setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 '{upper}/cap'"));

        Assert.Equal(
        [
            "Modified /cap XAttr", "Modified /content Content, Size", "Modified /device Device", "Deleted /dir/in None", "Added /dir/new None", "Deleted /gone None", "Modified /link LinkTarget",
            "Deleted /linked None", "Added /linked2 None", "Added /linked3 None", "Modified /mode Mode", "Deleted /opaque/a None", "Modified /owner Owner", "Modified /pipe Type, Mode",
            "Modified /time Content, Time", "Modified /todir2file Type, Mode", "Modified /tofile2dir Type, Mode", "Added /tofile2dir/y None", "Modified /xattr XAttr",
        ], changes.Select(Text));
        LayerChange owner = changes.Single(change => change.Path == "/owner");
        Assert.Equal(("0:0", "5:100000", "0644", 0L), (owner.OwnerBefore, owner.Owner, owner.Mode, owner.Size));
        LayerChange link = changes.Single(change => change.Path == "/link");
        Assert.Equal(("a", "b", LayerItemType.SymbolicLink), (link.LinkTargetBefore, link.LinkTarget, link.Type));
        LayerChange content = changes.Single(change => change.Path == "/content");
        Assert.Equal((3L, 5L, null), (content.SizeBefore!.Value, content.Size, content.Hash));
    }

    [Fact]
    public async Task Content_IsReadOnlyWhenAsked()
    {
        Action<LayerBuilder> one = layer => layer.File("quiet", "aaa").File("touched", "bbb"), two = layer => layer.File("quiet", "AAA").File("touched", "bbb", new() { Time = s_later });

        Assert.Equal(["Modified /touched Content, Time"], (await CompareAsync(one, two)).Select(Text));
        LayerChange[] read = await CompareAsync(one, two, options: new LayerCompareOptions { Content = ContentComparison.Always });

        Assert.Equal(["Modified /quiet Content", "Modified /touched Time"], read.Select(Text));
        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("AAA"u8)), read[0].Hash);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("aaa"u8)), read[0].HashBefore);
    }

    [Fact]
    public async Task EqualPathsAndBeneath_AreAsAsked()
    {
        Action<LayerBuilder> one = layer => layer.Directory("a").File("a/x", "1").File("b", "1"), two = layer => layer.Directory("a").File("a/x", "22").File("b", "22");

        Assert.Equal(["Modified /a/x Content, Size"], (await CompareAsync(one, two, options: new LayerCompareOptions { Beneath = "/a" })).Select(Text));
        Assert.Equal(["Equal / None", "Equal /a None", "Modified /a/x Content, Size", "Modified /b Content, Size", "Equal /base None"],
            (await CompareAsync(one, two, options: new LayerCompareOptions { IncludeEqual = true })).Select(Text));
    }

    [Fact]
    public async Task SharedLayers_AreNotLookedAt()
    {
        // The shared base says one thing in its record and another on the disk: who looked at it there would tell.
        (Image one, Image two) = await PullAsync(layer => layer.File("own", "1"), layer => layer.File("own", "22"));
        File.WriteAllText(one.Layers[0].Path + "/unseen", "");

        Assert.Equal(["Modified /own Content, Size"], (await CompareAsync(one, two, new LayerCompareOptions { Content = ContentComparison.Always })).Select(Text));
        Assert.Equal(one.Layers[0].Path, two.Layers[0].Path);
    }

    [Fact]
    public async Task OpaqueRoot_DeletesWhatIsBelow()
    {
        LayerChange[] changes = await CompareAsync(layer => layer.File("a"), layer => layer.File(".wh..wh..opq").File("b"));

        Assert.Equal(["Deleted /a None", "Added /b None", "Deleted /base None"], changes.Select(Text));
    }

    [Fact]
    public async Task NamesThatAreNotUtf8_KeepTheirBytes()
    {
        LayerChange[] changes = await CompareAsync(layer => layer.File("a"), layer => layer.File("a").File("b"), async upper => await ImageHarness.ShellAsync($"cd '{upper}'; touch \"$(printf 'x\\\\\\377')\" 'plain\\name'"));
        await ImageHarness.ShellAsync($"cd '{_harness.Layout.Layers}'; rm -f */x*"); // .NET cannot name it

        Assert.Equal(["/b", "/plain\\name", "/x\\\\\\xff"], changes.Select(change => change.Path));
        Assert.Null(changes[1].RawPath);
        Assert.Equal([(byte)'/', (byte)'x', (byte)'\\', 0xFF], changes[2].RawPath!);
    }

    private async Task<LayerChange[]> CompareAsync(Action<LayerBuilder> one, Action<LayerBuilder> two, Func<string, Task>? change = null, LayerCompareOptions? options = null)
    {
        (Image first, Image second) = await PullAsync(one, two);
        if (change is not null)
        {
            await ImageHarness.ShellAsync($"cp -a '{first.Layers[1].Path}/cap' '{second.Layers[1].Path}/' 2>/dev/null || true");
            await change(second.Layers[1].Path!);
        }
        return await CompareAsync(first, second, options ?? new LayerCompareOptions());
    }

    private async Task<LayerChange[]> CompareAsync(Image one, Image two, LayerCompareOptions options)
    {
        LayerStack before = await _harness.Engine.Images.GetTreeAsync(one, Errors.SilentObserver.Instance, ImageHarness.Stop), after = await _harness.Engine.Images.GetTreeAsync(two, Errors.SilentObserver.Instance, ImageHarness.Stop);
        return [.. before.CompareTo(after, options, ImageHarness.Stop)];
    }

    private async Task<(Image One, Image Two)> PullAsync(Action<LayerBuilder> one, Action<LayerBuilder> two) => (await PullAsync(one), await PullAsync(two));

    private Task<Image> PullAsync(Action<LayerBuilder> layer) =>
        _harness.ReceiveAsync(new ImageBuilder().WithLayer(below => below.File("base")).WithLayer(own => { layer(own); }).Build().PushTo(_harness.Registry, $"some/compared{++_number}"));

    private static string Text(LayerChange change) => $"{change.Kind} {change.Path} {change.Differences}";
}
