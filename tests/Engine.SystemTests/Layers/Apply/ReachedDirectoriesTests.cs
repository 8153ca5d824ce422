using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Directories that a tar uses and does not describe, reaches through links, or puts where something else was.</summary>
public sealed class ReachedDirectoriesTests : IDisposable
{
    private readonly LayerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public void ThroughALink_IsWhereItReallyIs()
    {
        byte[] tar = new LayerBuilder().Directory("real/").SymbolicLink("link", "real").File("link/sub/file").File("link/sub/deep/file").ToTar();

        Assert.Equal(["real/sub", "real/sub/deep"], Implied(tar));
    }

    [Fact]
    public void ThroughALink_LooksAsWhatIsBelowIt()
    {
        byte[] tar = new LayerBuilder().Directory("real/").Whiteout("link").SymbolicLink("link", "real").File("link/sub/file").ToTar();
        _harness.Shell("mkdir -p base/real/sub base/link/sub; chmod 700 base/real/sub; chmod 711 base/link/sub");

        UnpackResult result = _harness.Unpack(tar);
        ImpliedDirectories.Adopt(_harness["around/layer"], result.ImpliedDirectories, [_harness["base"]]);

        Assert.Equal("700", _harness.Shell("stat -c %a around/layer/real/sub"));
        Assert.Empty(LayerVerifier.Verify(new MemoryStream(tar), _harness["around/layer"], [_harness["base"]], 10, LayerHarness.Stop));
    }

    [Fact]
    public void DescribedByItsOwnName_IsNotTakenFromBelow() =>
        Assert.Empty(Implied(new LayerBuilder().Directory("real/").SymbolicLink("link", "real").File("link/sub/file").Directory("real/sub/").ToTar()));

    [Fact]
    public void BeneathWhatHidesAll_TakesNothing() =>
        Assert.Empty(Implied(new LayerBuilder().Directory("real/").Opaque("real").SymbolicLink("link", "real").File("link/sub/file").ToTar()));

    [Fact]
    public void WhereALinkTookItsPlace_IsNone() =>
        Assert.Equal(["other"], Implied(new LayerBuilder().File("dir/sub/file").Directory("other/sub/").SymbolicLink("dir", "other").ToTar()));

    [Fact]
    public void ReplacedByAFileAndBack_HidesWhatIsBelow()
    {
        byte[] tar = new LayerBuilder().File("file").Directory("file/").File("dir/implied").SymbolicLink("dir", "file").Directory("dir/", new() { Uid = 5 }).ToTar();

        Assert.Empty(Implied(tar));
        Assert.True(_harness.IsOpaque("file"));
        Assert.True(_harness.IsOpaque("dir"));
        Assert.True(LayerHarness.Index(tar)!.Find("dir")!.IsOpaque);
    }

    [Fact]
    public void WithoutATime_HasNoneOfTheMoment()
    {
        _harness.Unpack(new LayerBuilder().File("a/b/file").Whiteout("c").File("c/file").File("d/file").Whiteout("d").File("d/e/file").ToTar());

        Assert.Equal("0 0 0 0 0", _harness.Shell("stat -c %Y around/layer/a around/layer/a/b around/layer/c around/layer/d around/layer/d/e | xargs"));
    }

    [Fact]
    public void WithoutATime_HasNoneOfOneThatWasThereBefore()
    {
        _harness.Unpack(new LayerBuilder().Directory("a/b/").File("a").Directory("a/").File("a/b/file").ToTar());

        Assert.Equal("0", _harness.Shell("stat -c %Y around/layer/a/b"));
    }

    [Fact]
    public void Whiteouts_AreNeverListedInAUnion()
    {
        _harness.Unpack(new LayerBuilder().Directory("only/").Whiteout("only/gone").File("only/file").File("implied/file").Whiteout("implied/gone").ToTar());

        Assert.Equal("file file", _harness.Shell("mkdir base merged; mount -t overlay overlay -o lowerdir=around/layer:base merged; ls merged/only merged/implied | grep -v : | xargs; umount merged"));
    }

    [Fact]
    public void LinkThatChanges_LeadsHardLinksToItsNewTarget()
    {
        _harness.Unpack(new LayerBuilder().File("one/f", "1").File("two/f", "2").SymbolicLink("link", "one").HardLink("first", "link/f").SymbolicLink("link", "two").HardLink("second", "link/f").ToTar());

        Assert.Equal("2", File.ReadAllText(_harness["around/layer/second"]));
    }

    private List<string> Implied(byte[] tar)
    {
        UnpackResult result = _harness.Unpack(tar);
        Assert.Empty(LayerVerifier.Verify(new MemoryStream(tar), _harness["around/layer"], [], 10, LayerHarness.Stop));
        MemoryTarget tree = new();
        using LayerInterpreter<LayerEntry> layer = new(tree);
        TarReader reader = new(new MemoryStream(tar));
        while (reader.Next() is TarEntry entry)
        {
            layer.Apply(entry);
        }
        layer.Finish();
        List<string> implied = [.. result.ImpliedDirectories.Select(path => path.ToString())];
        Assert.Equal(implied, tree.Implied.Select(path => path.ToString()));
        return implied;
    }
}
