using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>What a tree in memory keeps of what a tar says.</summary>
public sealed class MemoryTargetTests
{
    [Fact]
    public void AttributesOfADirectory_AddUpOverItsDescriptions()
    {
        MemoryTarget tree = LayerInterpreterTests.Apply(new LayerBuilder().Directory("a/", Having("user.one", "user.both")).Directory("a/", Having("user.both", "user.two")).ToTar());

        Assert.Equal("user.one\0user.both\0user.two\0", tree.Root.Find("a")!.XAttrNames);
    }

    [Fact]
    public void AttributeThatAnEntryHasTwice_IsOne()
    {
        byte[] records = [.. "25 SCHILY.xattr.user.a=x\n"u8, .. "25 SCHILY.xattr.user.a=y\n"u8];
        byte[] tar = new LayerBuilder().Raw(new UstarHeader("x") { Type = 'x', Size = records.Length }, records).Raw(new UstarHeader("f")).ToTar();

        Assert.Equal("user.a\0", LayerInterpreterTests.Apply(tar).Root.Find("f")!.XAttrNames);
    }

    [Fact]
    public void Values_AreKeptOnlyWhereAskedFor()
    {
        TarEntry entry = new() { Type = LayerNodeType.File, Name = "f", XAttrs = [new XAttr("user.a", "value"u8.ToArray()), new XAttr("trusted.overlay.opaque", "y"u8.ToArray())] };
        MemoryTarget without = new(), with = new("checked", keepsValues: true);

        Assert.True(without.TryPut(without.Root, "f", entry) && with.TryPut(with.Root, "f", entry));
        Assert.Empty(Assert.Single(without.Root.Find("f")!.XAttrs).Value);
        Assert.Equal("value"u8.ToArray(), Assert.Single(with.Root.Find("f")!.XAttrs).Value);
    }

    [Fact]
    public void FileWhoseContentFollows_IsGivenOnce()
    {
        MemoryTarget tree = new() { TarOffset = 512 };

        tree.TryPut(tree.Root, "f", new TarEntry { Type = LayerNodeType.File, Name = "f" });
        LayerEntry? file = tree.TakeFile();

        Assert.Equal((tree.Root.Find("f"), 512L, null), (file, file!.TarOffset, tree.TakeFile()));
        tree.TryPut(tree.Root, "l", new TarEntry { Type = LayerNodeType.SymbolicLink, Name = "l", LinkName = "f" });
        Assert.Null(tree.TakeFile());
    }

    [Fact]
    public void Implied_AreParentsFirstAndWithoutWhatIsHidden()
    {
        MemoryTarget tree = LayerInterpreterTests.Apply(new LayerBuilder().File("a/b/c/file").Directory("a/b/").File("d/e/file").Opaque("d").ToTar());

        Assert.Equal(["a", "d", "a/b/c"], tree.Implied.Select(path => path.ToString()));
    }

    private static LayerBuilder.Attributes Having(params string[] names) => new() { XAttrs = names.ToDictionary(name => name, _ => "x") };
}
