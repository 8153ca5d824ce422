using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>How a layer's tar becomes a directory in overlayfs's form.</summary>
public sealed class LayerUnpackerTests : IDisposable
{
    private readonly LayerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public void Whiteout_IsADevice()
    {
        _harness.Unpack(new LayerBuilder().Directory("dir/").Whiteout("dir/gone").Whiteout("top").ToTar());

        Assert.True(_harness.IsWhiteout("dir/gone"));
        Assert.True(_harness.IsWhiteout("top"));
        Assert.False(File.Exists(_harness["around/layer/.wh.top"]));
    }

    [Fact]
    public void OpaqueWhiteout_MarksItsDirectory()
    {
        UnpackResult result = _harness.Unpack(new LayerBuilder().Opaque("described").Directory("described/").Opaque("implied/deep").ToTar());

        Assert.True(_harness.IsOpaque("described"));
        Assert.True(_harness.IsOpaque("implied/deep"));
        Assert.False(_harness.IsOpaque("implied"));
        Assert.Equal(["implied", "implied/deep"], result.ImpliedDirectories.Select(path => path.ToString()));
    }

    [Fact]
    public void AufsBookkeeping_IsLeftOut()
    {
        _harness.Unpack(new LayerBuilder().Directory(".wh..wh.plnk/").File(".wh..wh.plnk/12.34").File("dir/.wh..wh.orph/own/file").File(".wh..wh.aufs").File("kept").ToTar());

        Assert.Equal(["kept"], Directory.EnumerateFileSystemEntries(_harness["around/layer"]).Select(path => Path.GetFileName(path)));
    }

    // To the kernel, what was deleted is a device on the way.
    [Fact]
    public void LinkThroughADeletedDirectory_MakesItAnew()
    {
        byte[] tar = new LayerBuilder().Whiteout("gone").SymbolicLink("link", "gone/sub").File("link/file", "x").ToTar();

        _harness.Unpack(tar);

        Assert.True(File.Exists(_harness["around/layer/gone/sub/file"]));
        Assert.True(_harness.IsOpaque("gone"));
        Assert.NotNull(LayerHarness.Index(tar));
    }

    [Fact]
    public void TimeOfADirectoryThroughALink_IsItsOwnWhereverTheLinkLeadsAtLast()
    {
        _harness.Unpack(new LayerBuilder().Directory("one/").Directory("two/").SymbolicLink("link", "one").Directory("link/sub/", new() { Time = DateTimeOffset.UnixEpoch.AddDays(1) })
            .File("one/sub/file").SymbolicLink("link", "two").Directory("two/sub/", new() { Time = DateTimeOffset.UnixEpoch.AddDays(2) }).ToTar());

        Assert.Equal(DateTime.UnixEpoch.AddDays(1), Directory.GetLastWriteTimeUtc(_harness["around/layer/one/sub"]));
        Assert.Equal(DateTime.UnixEpoch.AddDays(2), Directory.GetLastWriteTimeUtc(_harness["around/layer/two/sub"]));
    }

    [Fact]
    public void WhiteoutThenFile_IsTheFile()
    {
        _harness.Unpack(new LayerBuilder().Whiteout("a").File("a", "again").File("other").Whiteout("b").HardLink("b", "other").Whiteout("c").SymbolicLink("c", "a").ToTar());

        Assert.Equal("again", File.ReadAllText(_harness["around/layer/a"]));
        Assert.False(_harness.IsWhiteout("b"));
        Assert.Equal("a", new FileInfo(_harness["around/layer/c"]).LinkTarget);
    }

    [Fact]
    public void WhiteoutThenDirectory_HidesWhatIsBelow()
    {
        _harness.Unpack(new LayerBuilder().Whiteout("dir").Directory("dir/").File("dir/new").Whiteout("implied").File("implied/new").ToTar());

        Assert.True(_harness.IsOpaque("dir"));
        Assert.True(_harness.IsOpaque("implied"));
        Assert.True(File.Exists(_harness["around/layer/implied/new"]));
    }

    [Fact]
    public void ContentThenWhiteout_KeepsTheLayersOwn()
    {
        _harness.Unpack(new LayerBuilder().Directory("dir/").File("dir/own").File("file", "own").Whiteout("dir").Whiteout("file").ToTar());

        Assert.True(_harness.IsOpaque("dir"));
        Assert.True(File.Exists(_harness["around/layer/dir/own"]));
        Assert.Equal("own", File.ReadAllText(_harness["around/layer/file"]));
    }

    [Fact]
    public void LaterEntry_ReplacesTheEarlier()
    {
        _harness.Unpack(new LayerBuilder()
            .Directory("was-dir/").File("was-dir/sub/in").File("was-dir", "file")
            .File("was-file").Directory("was-file/").File("was-file/in")
            .SymbolicLink("was-link", "was-file").File("was-link", "file")
            .File("twice", "a longer one").File("twice", "short")
            .SymbolicLink("link-to-dir", "was-file").Directory("link-to-dir/").File("link-to-dir/own")
            .ToTar());

        Assert.Equal("file", File.ReadAllText(_harness["around/layer/was-dir"]));
        Assert.True(File.Exists(_harness["around/layer/was-file/in"]));
        Assert.Null(new FileInfo(_harness["around/layer/was-link"]).LinkTarget);
        Assert.Equal("short", File.ReadAllText(_harness["around/layer/twice"]));
        Assert.True(File.Exists(_harness["around/layer/link-to-dir/own"]));
        Assert.False(File.Exists(_harness["around/layer/was-file/own"]));
    }

    [Fact]
    public void DirectoryReplacedByALink_LeavesTheLinksTargetAlone()
    {
        LayerBuilder.Attributes old = new() { Time = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        UnpackResult result = _harness.Unpack(new LayerBuilder()
            .Directory("target/").Directory("described/", old).File("implied/in").SymbolicLink("described", "target").SymbolicLink("implied", "target").ToTar());

        Assert.Empty(result.ImpliedDirectories);
        Assert.Equal(2024, Directory.GetLastWriteTimeUtc(_harness["around/layer/target"]).Year);
    }

    [Fact]
    public void HardLink_MayComeBeforeItsTarget()
    {
        _harness.Unpack(new LayerBuilder().HardLink("dir/first", "/target").HardLink("chain", "dir/first").File("target", "content").SymbolicLink("sym", "target").HardLink("symlink", "sym").ToTar());

        TreeDigest tree = TreeDigest.Of(_harness["around/layer"]);
        Assert.Equal("chain", tree.Entries["dir/first"].SameAs);
        Assert.Equal("chain", tree.Entries["target"].SameAs);
        Assert.Equal("symlink", tree.Entries["symlink"].Type);
    }

    [Fact]
    public void DirectoryThroughALinkInside_IsTheLinksTarget()
    {
        _harness.Unpack(new LayerBuilder().Directory("real/").SymbolicLink("link", "real").File("link/file", "inside").SymbolicLink("dir/up", "../real").Directory("dir/up/sub/").ToTar());

        Assert.Equal("inside", File.ReadAllText(_harness["around/layer/real/file"]));
        Assert.True(Directory.Exists(_harness["around/layer/real/sub"]));
    }

    [Fact]
    public void Names_MayBeginWithDots()
    {
        UnpackResult result = _harness.Unpack(new LayerBuilder().Directory("./").Directory("./dir/").File("./dir//./file").File("dir/..file").File("dir/...").ToTar());

        Assert.True(result.HasRoot);
        Assert.Empty(result.ImpliedDirectories);
        Assert.True(File.Exists(_harness["around/layer/dir/file"]));
        Assert.True(File.Exists(_harness["around/layer/dir/..."]));
    }

    [Fact]
    public void OverlaysOwnAttributes_AreNotTaken()
    {
        Dictionary<string, string> evil = new() { ["trusted.overlay.redirect"] = "/elsewhere", ["trusted.overlay.opaque"] = "y", ["user.overlay.opaque"] = "y", ["security.selinux"] = "x", ["user.kept"] = "z" };
        _harness.Unpack(new LayerBuilder().Directory("dir/", new LayerBuilder.Attributes { XAttrs = evil }).ToTar());

        Assert.Equal("user.kept=7a", TreeDigest.Of(_harness["around/layer"]).Entries["dir"].XAttrs);
    }

    // ext4 has 4 KiB for all of a file's attributes; xfs takes this one.
    [Fact]
    public void AttributeThatTheFileSystemHasNoPlaceFor_IsNotAFullDisk()
    {
        byte[] tar = new LayerBuilder().File("x", "", new() { XAttrs = new Dictionary<string, string> { ["user.x"] = new string('v', 60_000) } }).ToTar();

        Exception? error = Record.Exception(() => _harness.Unpack(tar));

        Assert.True(error is null or LayerImageException { Error: EngineError.LayerInvalid }, error?.ToString());
    }

    [Fact]
    public void TarWithoutItsEnd_IsRead()
    {
        byte[] tar = new LayerBuilder().File("a", "b").ToTar();

        UnpackResult result = _harness.Unpack(tar[..^1024]);

        Assert.Equal(1, result.Entries);
        Assert.Equal("b", File.ReadAllText(_harness["around/layer/a"]));
    }

    [Fact]
    public void EmptyTar_IsAnEmptyLayer()
    {
        UnpackResult result = _harness.Unpack(new byte[1024]);

        Assert.Equal(0, result.Entries);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness["around/layer"]));
        Assert.Equal("755", TreeDigest.Of(_harness["around/layer"]).Entries["."].Mode);
    }

    [Fact]
    public void Whiteouts_ComeThroughSealingAndUnpackingAgain()
    {
        _harness.Unpack(new LayerBuilder().Directory("./").Directory("dir/").Opaque("dir").File("dir/kept", "x").Whiteout("dir/gone").Whiteout("gone").File("file").ToTar());

        DigestedTree first = _harness.Seal("around/layer", "sealed.tar");
        _harness.UnpackFile("sealed.tar", "again");

        Assert.Empty(TreeDigest.Of(_harness["around/layer"]).DifferencesTo(TreeDigest.Of(_harness["again"]), nameof(TreeEntry.Time)));
        Assert.Equal("./ .wh.gone dir/ dir/.wh..wh..opq dir/.wh.gone dir/kept file", _harness.Shell("tar tf sealed.tar").Replace('\n', ' '));
        Assert.Equal(first.DiffId, _harness.Seal("again", "again.tar").DiffId);
    }

    // The bytes of a committed layer are promised for ever: its record has only their digest. A change here is a new
    // TarWriter.Version.
    [Fact]
    public void FixedTree_HasItsDiffIdForEver()
    {
        LayerBuilder.Attributes odd = new() { Mode = (UnixFileMode)0b100_111_101_001, Uid = 3_000_000, Gid = 70_000, Time = DateTimeOffset.UnixEpoch.AddSeconds(1.5) };
        _harness.Unpack(new LayerBuilder().Directory("./").Directory("dir/").Opaque("dir").Directory("dir/").File("dir/a", "content\n", odd).HardLink("dir/b", "dir/a")
            .SymbolicLink("link", "dir/a").Fifo("fifo").CharacterDevice("null", 1, 3).Whiteout("gone").File(new string('n', 200), "long").File("ü", "x", new LayerBuilder.Attributes { XAttrs = new Dictionary<string, string> { ["user.b"] = "2", ["user.a"] = "1" } })
            .ToTar());

        DigestedTree layer = _harness.Seal("around/layer", "sealed.tar");

        Assert.Equal(2, TarWriter.Version);
        Assert.Equal("d30860a6e9cbcbb1fcfd16896da369951719af78356c89f5270beb5b38654861", layer.DiffId.Hex);
    }
}
