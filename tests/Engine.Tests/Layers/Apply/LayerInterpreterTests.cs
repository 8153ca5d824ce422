using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>The rules by which a tar applies, on a tree in memory. That a directory on the disk comes out alike: RandomTarTests.</summary>
public sealed class LayerInterpreterTests
{
    public static TheoryData<string, Func<LayerBuilder, LayerBuilder>, string> Tars => new()
    {
        { "later entries win", tar => tar.File("a", "old").File("a", "newer").Directory("b/").File("b/in").File("b"), "a File 5|b File" },
        { "a directory that is made again hides", tar => tar.File("a").Directory("a/").File("a/in"), "a Directory opaque|a/in File" },
        { "a directory described twice stays", tar => tar.Directory("a/").File("a/in").Directory("a/"), "a Directory|a/in File" },
        { "what nobody describes is implied", tar => tar.File("a/b/in").Directory("a/"), "a Directory|a/b Directory implied|a/b/in File" },
        { "a deletion", tar => tar.Whiteout("a/gone"), "a Directory implied|a/gone Whiteout" },
        { "a deletion, then a file", tar => tar.Whiteout("a").File("a", "x"), "a File 1" },
        { "a deletion, then a directory", tar => tar.Whiteout("a").File("a/in"), "a Directory opaque|a/in File" },
        { "a file, then its deletion", tar => tar.File("a", "x").Whiteout("a"), "a File 1" },
        { "a directory, then its deletion", tar => tar.File("a/in").Whiteout("a"), "a Directory opaque|a/in File" },
        { "opaque", tar => tar.Opaque("a").File("a/in"), "a Directory opaque implied|a/in File" },
        { "aufs's own", tar => tar.Directory(".wh..wh.plnk/").File(".wh..wh.plnk/1").File("a"), "a File" },
        { "a hard link", tar => tar.File("a", "x").HardLink("b/c", "/a"), "a File 1|b Directory implied|b/c File 1 = a" },
        { "a hard link before its target", tar => tar.HardLink("b", "a").File("a", "x"), "a File 1|b File 1 = a" },
        { "a hard link to itself", tar => tar.File("a", "x").HardLink("b", "a").HardLink("b", "b").HardLink("a", "b"), "a File 1|b File 1 = a" },
        { "a hard link over a link", tar => tar.File("a", "x").SymbolicLink("b", "a").HardLink("b", "a"), "a File 1|b File 1 = a" },
        { "through a link", tar => tar.Directory("real/").SymbolicLink("link", "real").File("link/a/b"), "link SymbolicLink|real Directory|real/a Directory implied|real/a/b File" },
        { "through a link to nothing", tar => tar.SymbolicLink("link", "/../real").File("link/a"), "link SymbolicLink|real Directory implied|real/a File" },
        { "through a link to what is deleted", tar => tar.Whiteout("gone").SymbolicLink("link", "gone").File("link/a"), "gone Directory opaque|gone/a File|link SymbolicLink" },
        { "over a link", tar => tar.Directory("real/").SymbolicLink("link", "real").Directory("link/"), "link Directory opaque|real Directory" },
        { "over what a link's way leads through", tar => tar.Directory("d/x/y/").SymbolicLink("link", "d/x").File("link/y").File("link/z"), "d Directory implied|d/x Directory implied|d/x/y File|d/x/z File|link SymbolicLink" },
    };

    [Theory]
    [MemberData(nameof(Tars))]
    public void Tar_MakesATree(string what, Func<LayerBuilder, LayerBuilder> tar, string tree)
    {
        Assert.NotEmpty(what);

        Assert.Equal(tree, string.Join('|', Lines(Apply(tar(new LayerBuilder()).ToTar()).Root)));
    }

    public static TheoryData<string, Func<LayerBuilder, LayerBuilder>> Refused => new()
    {
        { "a root that is a file", tar => tar.File(".") },
        { "a whiteout without a name", tar => tar.File(".wh.") },
        { "a whiteout of the parent", tar => tar.File("a/.wh...") },
        { "through a file", tar => tar.File("a").File("a/b") },
        { "a deletion through a file", tar => tar.File("a").File("a/.wh.b") },
        { "through a link to a deletion's name", tar => tar.SymbolicLink("link", ".wh.a").File("link/b") },
        { "a link without a text", tar => tar.Raw(new UstarHeader("a") { Type = '2' }) },
        { "overlayfs's own mark", tar => tar.CharacterDevice("a", 0, 0) },
        { "a hard link to nothing", tar => tar.HardLink("a", "b") },
        { "a hard link to the root", tar => tar.HardLink("a", "/") },
        { "a hard link to a directory", tar => tar.Directory("b/").HardLink("a", "b") },
        { "a hard link to a deletion", tar => tar.Whiteout("b").HardLink("a", "b") },
        { "a hard link over a directory", tar => tar.File("b").Directory("a/").HardLink("a", "b") },
        { "a hard link through a file", tar => tar.File("b").HardLink("a", "b/c") },
        // What was opened through the link leads there no more.
        { "a hard link through a link that a hard link replaced", tar => tar.File("real/x").SymbolicLink("d", "real").HardLink("d", "d/x").HardLink("z", "d/x") },
        { "through a link whose way a file is on since", tar => tar.Directory("d/x/y/").SymbolicLink("link", "d/x/y/..").File("link/y").File("link/z") },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Tar_IsRefused(string what, Func<LayerBuilder, LayerBuilder> tar)
    {
        Assert.NotEmpty(what);

        Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => Apply(tar(new LayerBuilder()).ToTar())).Error);
    }

    [Fact]
    public void LateLinks_AreBoundedTogether()
    {
        using LayerInterpreter<LayerEntry> layer = new(new MemoryTarget());
        TarEntry entry = new() { Type = LayerNodeType.HardLink, Name = "a", LinkName = string.Concat(Enumerable.Repeat("long/", 1000)) };

        LayerImageException error = Assert.Throws<LayerImageException>(() =>
        {
            for (int i = 0; i < 1_000_000; i++)
            {
                layer.Apply(entry);
            }
        });

        Assert.Equal(EngineError.LayerTooLarge, error.Error);
    }

    [Fact]
    public void Root_IsDescribedOrNot()
    {
        MemoryTarget tree = Apply(new LayerBuilder().Directory("./", new() { Uid = 5 }).ToTar());

        Assert.Equal((5u, false), (tree.Root.Attributes.Uid, tree.Root.IsImplied));
        Assert.True(Apply(new LayerBuilder().File("a").ToTar()).Root.IsImplied);
    }

    internal static MemoryTarget Apply(byte[] tar)
    {
        MemoryTarget tree = new();
        using LayerInterpreter<LayerEntry> layer = new(tree);
        TarReader reader = new(new MemoryStream(tar));
        while (reader.Next() is TarEntry entry)
        {
            layer.Apply(entry);
        }
        layer.Finish();
        return tree;
    }

    private static IEnumerable<string> Lines(LayerEntry root)
    {
        Dictionary<LayerEntry, string> firstNames = [];
        Stack<LayerEntry> left = new(root.SortedChildren.Reverse());
        while (left.TryPop(out LayerEntry? entry))
        {
            string path = entry.Path.ToString(), first = firstNames.TryAdd(entry.Inode, path) ? "" : $" = {firstNames[entry.Inode]}";
            yield return $"{path} {entry.Type}{(entry.Attributes.Size > 0 ? $" {entry.Attributes.Size}" : "")}{(entry.IsOpaque ? " opaque" : "")}{(entry.IsImplied ? " implied" : "")}{first}";
            foreach (LayerEntry child in entry.SortedChildren.Reverse())
            {
                left.Push(child);
            }
        }
    }
}
