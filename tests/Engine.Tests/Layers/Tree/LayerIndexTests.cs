using System.Security.Cryptography;
using System.Text;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The index of a layer says what its tar says, and one that is damaged says nothing.</summary>
public sealed class LayerIndexTests : IDisposable
{
    private readonly TempFolder _folder = new("index-");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_AreFoundWithTheirAttributes()
    {
        LayerIndex index = Make(new LayerBuilder().Directory("etc/", new() { Uid = 70_000, Mode = UnixFileMode.UserRead | UnixFileMode.StickyBit })
            .File("etc/passwd", "root", new() { XAttrs = new Dictionary<string, string> { ["user.note"] = "x", ["trusted.overlay.redirect"] = "y" } })
            .SymbolicLink("link", "etc/passwd").CharacterDevice("null", 1, 3).Fifo("pipe").Whiteout("gone").Opaque("etc").HardLink("other", "etc/passwd").ToTar());

        LayerNode etc = index.FindPath("etc")!;
        LayerNode passwd = index.FindPath("etc/passwd")!;
        Assert.Equal((70_000u, 0x300, true, false), (etc.Attributes.Uid, etc.Attributes.Permissions, etc.IsOpaque, etc.IsImplied));
        Assert.Equal((LayerNodeType.File, 4L, "etc/passwd"), (passwd.Type, passwd.Attributes.Size, passwd.Path.ToString()));
        Assert.Equal(["user.note"], passwd.XAttrNames.Select(name => name.ToString()));
        Assert.Equal(passwd.TarOffset, index.FindPath("other")!.TarOffset);
        Assert.Equal(("etc/passwd", 0x1FF), (index.FindPath("link")!.LinkTarget.ToString(), index.FindPath("link")!.Attributes.Permissions));
        Assert.Equal((1u, 3u), (index.FindPath("null")!.Attributes.DeviceMajor, index.FindPath("null")!.Attributes.DeviceMinor));
        Assert.Equal(LayerNodeType.Whiteout, index.FindPath("gone")!.Type);
        Assert.Null(index.FindPath("etc/shadow"));
        Assert.Equal(["etc", "gone", "link", "null", "other", "pipe"], index.List(index.Root).Select(node => node.Name.ToString()));
    }

    [Fact]
    public void EveryNameOfALargeDirectory_IsFound()
    {
        LayerBuilder tar = new();
        string[] names = [.. Enumerable.Range(0, 3000).Select(i => $"{i * 7919 % 3000:x}{new string('é', i % 9)}")];
        Array.ForEach(names, name => tar.File("many/" + name));

        LayerIndex index = Make(tar.ToTar());

        Assert.All(names, name => Assert.NotNull(index.FindPath("many/" + name)));
        Assert.Equal(names.Distinct().Order(Comparer<string>.Create((a, b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b)))),
            index.List(index.FindPath("many")!).Select(node => node.Name.ToString()));
        Assert.True(index.FindPath("many")!.IsImplied);
    }

    [Fact]
    public void Replacements_EndAsUnpackingWould()
    {
        LayerIndex index = Make(new LayerBuilder().File("a", "file").Directory("a/").File("a/in")
            .Directory("b/").File("b/in").File("b", "file")
            .Whiteout("c").Directory("c/").File("c/new")
            .File("d", "own").Whiteout("d")
            .Directory("e/").File("e/own").Whiteout("e")
            .HardLink("late", "f").File("f", "later").ToTar());

        Assert.Equal((LayerNodeType.File, true), (index.FindPath("a/in")!.Type, index.FindPath("a")!.IsOpaque));
        Assert.Equal((LayerNodeType.File, null), (index.FindPath("b")!.Type, index.FindPath("b/in")));
        Assert.True(index.FindPath("c")!.IsOpaque);
        Assert.Equal(LayerNodeType.File, index.FindPath("d")!.Type);
        Assert.True(index.FindPath("e")!.IsOpaque);
        Assert.Equal(5, index.FindPath("late")!.Attributes.Size);
    }

    [Fact]
    public void DamagedIndex_IsNone()
    {
        Make(new LayerBuilder().File("file", "content").Directory("dir/").ToTar());
        byte[] whole = File.ReadAllBytes(_folder["index"]);

        for (int at = 0; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(_folder["index"], damaged);
            Assert.True(LayerIndex.Open(_folder["index"], new IndexCache()) is null, $"a bit of byte {at} went unnoticed");
        }
        File.WriteAllBytes(_folder["index"], whole[..^1]);
        Assert.Null(LayerIndex.Open(_folder["index"], new IndexCache()));
        File.WriteAllBytes(_folder["index"], whole);
        Assert.NotNull(LayerIndex.Open(_folder["index"], new IndexCache()));
    }

    [Fact]
    public void UnionOfIndexes_HidesAndMerges()
    {
        ILayerTree[] layers =
        [
            Make(new LayerBuilder().Whiteout("gone").Opaque("replaced").File("replaced/new").File("implied/top").File("file", "2").ToTar(), "top"),
            Make(new LayerBuilder().File("gone").Directory("replaced/").File("replaced/old").Directory("implied/", new() { Uid = 7 }).File("implied/base").Directory("file/").File("file/hidden").ToTar(), "base"),
        ];
        LayerUnion union = new(layers, showsWhiteout: null);

        string[] Names(string? directory) => [.. union.List(directory is null ? union.Root : union.Find(union.Root, directory)!).Select(node => node.Node.Name.ToString())];
        Assert.Equal(["file", "implied", "replaced"], Names(null));
        Assert.Equal(["new"], Names("replaced"));
        Assert.Equal(["base", "top"], Names("implied"));
        Assert.Equal(7u, union.Find(union.Root, "implied")!.Node.Attributes.Uid);
        Assert.Null(union.Find(union.Root, "gone"));
        Assert.Empty(union.Find(union.Root, "file")!.Parts);
    }

    [Fact]
    public void ImpliedDirectory_LooksAsBelowUnlessItsOwnParentHidesThat()
    {
        ILayerTree[] layers =
        [
            Make(new LayerBuilder().File("dir/sub/new").Opaque("dir").File("gone/new").Whiteout("gone").ToTar(), "top"),
            Make(new LayerBuilder().Directory("dir/", new() { Uid = 7 }).Directory("dir/sub/", new() { Uid = 8 }).Directory("gone/", new() { Uid = 9 }).ToTar(), "base"),
        ];
        LayerUnion union = new(layers, showsWhiteout: null);

        foreach (UnionNode dir in (UnionNode[])[union.Find(union.Root, "dir")!, union.List(union.Root).First()])
        {
            Assert.Equal((7u, 0u), (dir.Node.Attributes.Uid, union.Find(dir, "sub")!.Node.Attributes.Uid));
        }
        Assert.Equal(0u, union.Find(union.Root, "gone")!.Node.Attributes.Uid);
    }

    [Fact]
    public void BlocksOfAllIndexes_AreBoundedTogether()
    {
        LayerBuilder tar = new();
        string[] names = [.. Enumerable.Range(0, 3000).Select(i => $"{i:x}{new string('n', 100)}")];
        Array.ForEach(names, name => tar.File(name));
        IndexCache cache = new(mostBlocks: 3);
        LayerIndex[] indexes = [Make(tar.ToTar(), "one", cache), Make(tar.ToTar(), "two", cache)];

        foreach (string name in names)
        {
            Assert.All(indexes, index => Assert.NotNull(index.FindPath(name)));
            Assert.InRange(cache.Count, 1, 3);
        }
        Assert.True(new FileInfo(_folder["one"]).Length > 4 * IndexCache.BlockSize);
    }

    private LayerIndex Make(byte[] tar, string name = "index", IndexCache? cache = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        (LayerEntry root, long size) = LayerIndexing.ReadTar(new MemoryStream(tar), hash, TestContext.Current.CancellationToken);
        Assert.Equal(tar.Length, size);
        Assert.Equal(SHA256.HashData(tar), hash.GetHashAndReset());
        using (FileStream file = File.Create(_folder[name]))
        {
            LayerIndexWriter.Write(file, root, size, TestContext.Current.CancellationToken);
        }
        return LayerIndex.Open(_folder[name], cache ?? new IndexCache()) ?? throw new InvalidOperationException("the index does not open");
    }
}
