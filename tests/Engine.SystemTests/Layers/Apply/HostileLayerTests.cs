using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>Tars that nobody means well with: each is refused as invalid, and nothing outside the layer is touched.</summary>
public sealed class HostileLayerTests : IDisposable
{
    private readonly LayerHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    public static TheoryData<string, Action<LayerBuilder>> Names => new()
    {
        { "climbing", tar => tar.File("../secret", "taken") },
        { "climbing in the middle", tar => tar.File("dir/../../secret", "taken") },
        { "climbing inside", tar => tar.File("dir/../file") },
        { "climbing directory", tar => tar.Directory("../new/") },
        { "climbing link", tar => tar.SymbolicLink("../new", "x") },
        { "climbing whiteout", tar => tar.File("../.wh.secret") },
        { "climbing opaque mark", tar => tar.File("../.wh..wh..opq") },
        { "absolute and climbing", tar => tar.File("/../secret", "taken") },
        { "absolute and climbing in the middle", tar => tar.File("//dir/../../secret", "taken") },
        { "absolute whiteout of the parent", tar => tar.File("/.wh...") },
        { "bare whiteout", tar => tar.File(".wh.") },
        { "bare whiteout in a directory", tar => tar.File("dir/.wh.") },
        { "whiteout of the directory itself", tar => tar.File("dir/.wh..") },
        { "whiteout of the parent", tar => tar.File("dir/.wh...") },
        { "in a whiteout", tar => tar.File("dir/.wh.gone/file") },
        { "directory in a whiteout of the parent", tar => tar.Directory(".wh.../dir/") },
        { "through a link to a whiteout's name", tar => tar.SymbolicLink("link", ".wh.gone").File("link/file") },
        { "through a link to a name that is too long", tar => tar.SymbolicLink("link", new string('n', 256)).File("link/file") },
        { "root that is a file", tar => tar.File(".") },
        { "root that is a link", tar => tar.SymbolicLink(".", "/etc") },
        { "long component", tar => tar.File(new string('n', 256)) },
        { "path that no call can take", tar => tar.File(string.Concat(Enumerable.Repeat("d/", 5000)) + "file") },
        { "empty link", tar => tar.Raw(new UstarHeader("link") { Type = '2' }) },
        { "long link", tar => tar.SymbolicLink("link", new string('x', 4096)) },
        { "overlayfs's deletion mark", tar => tar.CharacterDevice("dev", 0, 0) },
        { "unknown type", tar => tar.Raw(new UstarHeader("x") { Type = 'Z' }) },
        { "file over its own parent's link loop", tar => tar.SymbolicLink("a", "b").SymbolicLink("b", "a").File("a/file") },
        { "through a file", tar => tar.File("file").File("file/in") },
        { "through a fifo", tar => tar.Fifo("fifo").File("fifo/in") },
        { "through a whiteout's parent that is a file", tar => tar.File("file").File("file/.wh.x") },
        { "device number that does not fit", tar => tar.Bytes(WithDevice(5000, 0)) },
        { "device number that wraps to 0:0", tar => tar.Bytes(WithDevice(4096, 0)) },
    };

    // What the link leads to, and where "link/hostile" is then: inside, as a container would find it.
    public static TheoryData<string, string, string> Links => new()
    {
        { "absolute", "/etc", "etc/hostile" },
        { "absolute to the folder around", "AROUND", "AROUND/hostile" },
        { "climbing", "..", "hostile" },
        { "climbing far", "../../../../../../../../etc", "etc/hostile" },
        { "climbing by a detour", "dir/../../", "hostile" },
        { "to proc", "/proc/self/cwd", "proc/self/cwd/hostile" },
        { "absolute to what is there", "/dir", "dir/hostile" },
        { "to another that climbs", "second", "new/hostile" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Name_IsRefused(string what, Action<LayerBuilder> fill)
    {
        Assert.NotEmpty(what);
        LayerBuilder tar = new();
        tar.File("before");
        fill(tar);

        _harness.Refuse(tar.ToTar());
        Assert.Null(LayerHarness.Index(tar.ToTar()));
    }

    [Theory]
    [MemberData(nameof(Links))]
    public void EntryThroughALink_StaysInside(string what, string target, string place)
    {
        Assert.NotEmpty(what);
        string around = _harness["around"];
        (target, place) = (target.Replace("AROUND", around, StringComparison.Ordinal), place.Replace("AROUND", around[1..], StringComparison.Ordinal));
        LayerBuilder begun() => new LayerBuilder().Directory("dir/").SymbolicLink("second", "../../new/").SymbolicLink("link", target);
        (LayerBuilder Tar, Action<string> Check)[] entries =
        [
            (begun().File("link/hostile", "kept"), path => Assert.Equal("kept", File.ReadAllText(path))),
            (begun().Directory("link/hostile/").File("link/hostile/in", "kept"), path => Assert.Equal("kept", File.ReadAllText(path + "/in"))),
            (begun().File("link/.wh.hostile"), path => Assert.True(Libc.TryStat(path, out FileStatus status) && status.IsWhiteout)),
            (begun().File("own", "kept").HardLink("link/hostile", "own"), path => Assert.Equal("kept", File.ReadAllText(path))),
            (begun().HardLink("late", "link/hostile").File("link/hostile", "kept"), path => Assert.Equal("kept", File.ReadAllText(_harness["around/layer/late"]))),
        ];
        foreach ((LayerBuilder tar, Action<string> check) in entries)
        {
            byte[] bytes = tar.ToTar();
            UnpackResult unpacked = _harness.Unpack(bytes);

            check(_harness["around/layer/" + place]);
            Assert.All(unpacked.ImpliedDirectories, implied => Assert.StartsWith(implied.ToString() + "/", place, StringComparison.Ordinal));
            Assert.Equal(new FileInfo(_harness["around/layer/link"]).LinkTarget, target);
            LayerEntry? index = LayerHarness.Index(bytes);
            Assert.NotNull(place.Split('/').Aggregate(index, (entry, name) => entry?.Find(name)));
            _harness.AssertUntouched();
            Directory.Delete(_harness["around/layer"], recursive: true);
        }
        Assert.False(File.Exists("/etc/hostile"));
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("../../../../etc")]
    public void HardLink_ThroughALinkToAFileOfTheHost_IsRefused(string target)
    {
        byte[] hostile = new LayerBuilder().SymbolicLink("link", target).HardLink("stolen", "link/passwd").ToTar();

        _harness.Refuse(hostile);
        Assert.Null(LayerHarness.Index(hostile));
    }

    [Theory]
    [InlineData("../secret")]
    [InlineData("dir/../../secret")]
    [InlineData("nowhere")]
    [InlineData("dir")]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("self")]
    [InlineData("file/x")]
    public void HardLink_ToNoFileOfTheLayer_IsRefused(string target) =>
        _harness.Refuse(new LayerBuilder().Directory("dir/").File("file").Raw(new UstarHeader("self") { Type = '1', LinkName = target }).ToTar());

    [Fact]
    public void LinksOut_AreHarmlessByThemselves()
    {
        _harness.Unpack(new LayerBuilder().SymbolicLink("absolute", "/etc/passwd").SymbolicLink("climbing", "../../../../etc").SymbolicLink("secret", "../secret").File("secret", "own")
            .SymbolicLink("late", "/etc").HardLink("late-hard", "late").ToTar());

        Assert.Equal("own", File.ReadAllText(_harness["around/layer/secret"]));
        _harness.AssertUntouched();
    }

    public static TheoryData<string, byte[]> Bytes => new()
    {
        { "no tar at all", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("this is not a tar archive, but text. ", 40))) },
        { "bad checksum", new LayerBuilder().Raw(new UstarHeader("x") { Checksum = "000000" }).ToTar() },
        { "checksum that is no number", new LayerBuilder().Raw(new UstarHeader("x") { Checksum = "zzzzzz" }).ToTar() },
        { "cut in a header", new LayerBuilder().File("x").ToTar()[..300] },
        { "cut in a file", Cut(new LayerBuilder().Raw(new UstarHeader("x") { Size = 100_000 }, new byte[100_000]).ToTar(), 50_000) },
        { "cut in a file's padding", Cut(new LayerBuilder().Raw(new UstarHeader("x") { Size = 10 }, new byte[10]).ToTar(), 600) },
        { "size beyond the end", new LayerBuilder().Raw(new UstarHeader("x") { Size = 8_000_000_000 }).ToTar() },
        { "negative size", Patch(new UstarHeader("x"), 124, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0) },
        { "size of 2^80", Patch(new UstarHeader("x"), 124, 0x80, 0x01) },
        { "size that is no number", Patch(new UstarHeader("x"), 124, (byte)'9') },
        { "mode that is no number", Patch(new UstarHeader("x"), 100, (byte)'x') },
        { "negative owner", Patch(new UstarHeader("x"), 108, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe) },
        { "owner beyond 32 bits", Patch(new UstarHeader("x"), 108, 0x80, 0, 0, 0x01, 0, 0, 0, 0) },
        { "pax size beyond the end", Pax("size=8000000000\n", "x", 3) },
        { "pax size too small", Pax("size=0\n", "x", 3) },
        { "pax size negative", Pax("size=-1\n", "x", 3) },
        { "pax size that is no number", Pax("size=many\n", "x", 3) },
        { "pax record without a length", PaxRaw("size=5\n") },
        { "pax record longer than its header", PaxRaw("99 size=5\n") },
        { "pax record of length 0", PaxRaw("0 size=5\n") },
        { "pax record with a negative length", PaxRaw("-9 size=5\n") },
        { "pax record with a huge length", PaxRaw("99999999999999999999 size=5\n") },
        { "pax record without a key", PaxRaw("6 =ab\n") },
        { "pax record without a value", PaxRaw("7 abcd\n") },
        { "pax record without its newline", PaxRaw("9 size=5x") },
        { "pax name with a NUL", Pax("path=a\0b\n", "x", 0) },
        { "pax name that climbs", Pax("path=../secret\n", "x", 0) },
        { "pax owner beyond 32 bits", Pax("uid=4294967296\n", "x", 0) },
        { "pax owner -1", Pax("uid=4294967295\n", "x", 0) },
        { "pax time that is no number", Pax("mtime=1.x\n", "x", 0) },
        { "pax time beyond time", Pax("mtime=99999999999999999999\n", "x", 0) },
        { "pax header too large", [.. new UstarHeader("p") { Type = 'x', Size = 5 << 20 }.ToBytes(), .. new byte[(5 << 20) + 1024]] },
        { "gnu name too large", [.. new UstarHeader("p") { Type = 'L', Size = 5 << 20 }.ToBytes(), .. new byte[(5 << 20) + 1024]] },
        { "gnu name that climbs", new LayerBuilder().Raw(new UstarHeader("././@LongLink") { Type = 'L', Size = 10 }, "../secret\0"u8.ToArray()).Raw(new UstarHeader("x")).ToTar() },
        { "xattr without a name", Pax("SCHILY.xattr.user.=x\n", "x", 0) },
        { "xattr with a long name", Pax($"SCHILY.xattr.user.{new string('n', 300)}=x\n", "x", 0) },
        { "xattr that the kernel does not take", Pax("SCHILY.xattr.security.capability=nonsense\n", "x", 0) },
        { "xattr that is too large", Pax($"SCHILY.xattr.user.x={new string('v', 70_000)}\n", "x", 0) },
        { "access control list of nonsense", Pax("SCHILY.acl.access=nonsense\n", "x", 0) },
        { "access control list with too many entries", Pax($"SCHILY.acl.access=user::rwx,group::r-x,mask::rwx,other::---{string.Concat(Enumerable.Range(1, 10_000).Select(id => $",user:{id}:r--"))}\n", "x", 0) },
        { "default access control list that says the same twice", Pax("SCHILY.acl.default=user::rwx,user::rwx,group::r-x,other::---\n", "x", 0) },
        { "sparse file with a negative size", Sparse("GNU.sparse.size=-5\n", "GNU.sparse.map=0,0\n") },
        { "sparse file larger than any", Sparse("GNU.sparse.size=9223372036854775807\n", "GNU.sparse.map=0,0\n") },
        { "empty sparse file with a negative size", Sparse(0, "GNU.sparse.size=-5\n", "GNU.sparse.map=\n") },
        { "empty sparse file larger than any", Sparse(0, "GNU.sparse.size=9223372036854775807\n", "GNU.sparse.map=\n") },
        { "sparse piece where no file reaches", Sparse("GNU.sparse.size=4611686018427387907\n", "GNU.sparse.map=4611686018427387904,3\n") },
        { "sparse file without a size", Sparse("GNU.sparse.map=0,0\n") },
        { "sparse piece beyond the file", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=8,3\n") },
        { "sparse piece at a negative place", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=-3,3\n") },
        { "sparse piece of negative length", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=0,-1,3,4\n") },
        { "sparse pieces that overlap", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=0,2,1,1\n") },
        { "sparse pieces with more than the data", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=0,8\n") },
        { "sparse map of nonsense", Sparse("GNU.sparse.size=10\n", "GNU.sparse.map=a,b\n") },
        { "sparse 1.0 map of nonsense", Sparse("GNU.sparse.major=1\n", "GNU.sparse.minor=0\n", "GNU.sparse.realsize=10\n") },
    };

    // As docker and podman take them; kaniko wrote such.
    [Fact]
    public void AbsoluteNames_AreNamesBeneathTheRoot()
    {
        byte[] tar = new LayerBuilder().Directory("/etc/").File("/etc/layerimage-hostile", "inside").Directory("//tmp/layerimage-hostile/").File("/etc/.wh.passwd").File(_harness["around/secret"], "inside")
            .HardLink("/hard", "/etc/layerimage-hostile").SymbolicLink("/link", "/etc").ToTar();

        _harness.Unpack(tar);

        Assert.Equal("inside", File.ReadAllText(_harness["around/layer/etc/layerimage-hostile"]));
        Assert.Equal("inside", File.ReadAllText(_harness["around/layer/hard"]));
        Assert.Equal("inside", File.ReadAllText(_harness["around/layer" + _harness["around/secret"]]));
        Assert.True(_harness.IsWhiteout("etc/passwd"));
        Assert.Equal(LayerNodeType.File, LayerHarness.Index(tar)!.Find("etc")!.Find("layerimage-hostile")!.Type);
        Assert.Empty(LayerVerifier.Verify(new MemoryStream(tar), _harness["around/layer"], [], 10, LayerHarness.Stop));
        _harness.AssertUntouched();
        Assert.False(File.Exists("/etc/layerimage-hostile"));
        Assert.False(Directory.Exists("/tmp/layerimage-hostile"));
    }

    [Theory]
    [MemberData(nameof(Bytes))]
    public void Tar_IsRefused(string what, byte[] tar)
    {
        Assert.NotEmpty(what);

        _harness.Refuse(tar);
        // What only a file system refuses (attributes, sizes) may be listed; it is never a crash.
        _ = LayerHarness.Index(tar);
    }

    [Fact]
    public void SymbolicLinkOfALowerLayer_LeadsNoEntryOut()
    {
        // Layers are unpacked apart: the lower one's link is not there, and the upper one's directory takes its place.
        _harness.Unpack(new LayerBuilder().SymbolicLink("etc", "/etc").SymbolicLink("up", "..").ToTar(), "around/layer");
        Directory.Delete(_harness["around/layer"], recursive: true);
        _harness.Unpack(new LayerBuilder().File("etc/layerimage-hostile", "x").File("up/secret", "taken").ToTar(), "around/layer");

        _harness.AssertUntouched();
        Assert.False(File.Exists("/etc/layerimage-hostile"));
        Assert.Equal("taken", File.ReadAllText(_harness["around/layer/up/secret"]));
    }

    [Fact]
    public void AttributesOutsideTheAllowedNamespaces_AreLeftOut()
    {
        byte[] tar = new LayerBuilder().Directory("dir/", new()
        {
            XAttrs = new Dictionary<string, string> { ["trusted.overlay.redirect"] = "/etc", ["trusted.overlay.opaque"] = "y", ["user.overlay.opaque"] = "y", ["security.selinux"] = "x", ["system.other"] = "x", ["os2.x"] = "x", ["user.kept"] = "x" },
        }).ToTar();

        _harness.Unpack(tar);

        Assert.Equal("user.kept", string.Join(',', Libc.ListXAttrs(_harness["around/layer/dir"])));
        Assert.Equal("user.kept\0", LayerHarness.Index(tar)!.Find("dir")!.XAttrNames);
        Assert.False(LayerHarness.Index(tar)!.Find("dir")!.IsOpaque);
    }

    [Fact]
    public void MoreEntriesThanAnIndexHolds_AreRefusedEarly()
    {
        using LayerInterpreter<LayerEntry> layer = new(new MemoryTarget());
        TarEntry entry = new() { Type = LayerNodeType.File, Name = "same" };

        LayerImageException error = Assert.Throws<LayerImageException>(() =>
        {
            for (int i = 0; i <= MemoryTarget.MostEntries; i++)
            {
                layer.Apply(entry);
            }
        });

        Assert.Equal(EngineError.LayerTooLarge, error.Error);
    }

    private static byte[] Cut(byte[] tar, int length) => tar[..length];

    private static byte[] Patch(UstarHeader header, int offset, params byte[] bytes)
    {
        byte[] block = header.ToBytes();
        bytes.CopyTo(block, offset);
        block.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(block.Sum(value => (long)value), 8).PadLeft(6, '0') + "\0").CopyTo(block, 148);
        return [.. block, .. new byte[1024]];
    }

    private static byte[] WithDevice(int major, int minor)
    {
        byte[] tar = Patch(new UstarHeader("dev") { Type = '3' }, 329, [.. Encoding.ASCII.GetBytes(Convert.ToString(major, 8).PadLeft(7, '0')), 0, .. Encoding.ASCII.GetBytes(Convert.ToString(minor, 8).PadLeft(7, '0')), 0]);
        return tar[..512];
    }

    private static byte[] Sparse(params string[] records) => Sparse(3, records);

    private static byte[] Sparse(int size, params string[] records) => Pax(records, "x", size);

    private static byte[] Pax(string record, string name, int size) => Pax([record], name, size);

    private static byte[] Pax(string[] records, string name, int size) =>
        new LayerBuilder().Bytes(PaxBlocks(string.Concat(records.Select(Measure)))).Raw(new UstarHeader(name) { Size = size }, [.. Enumerable.Repeat((byte)'x', size)]).ToTar();

    private static byte[] PaxRaw(string text) => new LayerBuilder().Bytes(PaxBlocks(text)).File("x").ToTar();

    private static byte[] PaxBlocks(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new LayerBuilder().Raw(new UstarHeader("PaxHeaders/x") { Type = 'x', Size = bytes.Length }, bytes).ToTar()[..^1024];
    }

    private static string Measure(string record)
    {
        int length = Encoding.UTF8.GetByteCount(record) + 2;
        while (length != Encoding.UTF8.GetByteCount($"{length} {record}"))
        {
            length++;
        }
        return $"{length} {record}";
    }
}
