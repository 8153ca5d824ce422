using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Ways through a tree and its links, as the kernel would go them with the tree as its root.</summary>
public sealed class PathWalkTests
{
    [Theory]
    [InlineData("a/b", "a/b", false)]
    [InlineData("link", "a/b", true)]
    [InlineData("a/up", "a/b", true)]
    [InlineData("root/a/b", "a/b", true)]
    [InlineData("far/b", "a/b", true)]
    [InlineData("chain/c", "a/b/c", true)]
    [InlineData("nowhere", null, false)]
    [InlineData("dangling", null, false)]
    public void Way_GoesThroughLinksAndNeverOut(string path, string? end, bool isThroughLink)
    {
        MemoryTarget tree = Tree(tar => tar.Directory("a/b/c/").SymbolicLink("link", "a/b").SymbolicLink("a/up", "../a/b").SymbolicLink("root", "/").SymbolicLink("far", "../../../a")
            .SymbolicLink("chain", "link/../b/.").SymbolicLink("dangling", "a/none"));
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);

        LayerEntry? found = walk.Open(LayerPath.Parse(path).Components);

        Assert.Equal((end, isThroughLink), (found?.Path.ToString(), walk.IsThroughLink));
        Assert.Equal(isThroughLink ? null : end, walk.OpenItself(LayerPath.Parse(path).Components)?.Path.ToString());
    }

    [Theory]
    [InlineData("file/in")]
    [InlineData("loop/in")]
    [InlineData("toFile/in")]
    [InlineData("tooLong/in")]
    public void WhatCanBeNoDirectory_BlocksTheWay(string path)
    {
        MemoryTarget tree = Tree(tar => tar.File("file").SymbolicLink("loop", "loop").SymbolicLink("toFile", "file").SymbolicLink("tooLong", new string('n', LayerPath.LongestName + 1)));
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);

        Assert.Equal(EngineError.LayerInvalid, Assert.Throws<LayerImageException>(() => walk.Open(LayerPath.Parse(path).Components)).Error);
        Assert.Null(walk.OpenItself(LayerPath.Parse(path).Components));
    }

    [Theory]
    [InlineData(LinkedPath.MostLinks, true)]
    [InlineData(LinkedPath.MostLinks + 1, false)]
    public void AsManyLinksAsTheKernelFollows_AreFollowed(int links, bool isFollowed)
    {
        MemoryTarget tree = Tree(tar =>
        {
            tar.Directory("0/");
            for (int i = 1; i <= links; i++)
            {
                tar.SymbolicLink($"{i}", $"{i - 1}");
            }
            return tar;
        });
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);

        Exception? error = Record.Exception(() => walk.Open(LayerPath.Parse($"{links}").Components));

        Assert.Equal(isFollowed, error is null);
    }

    [Fact]
    public void LinkToMorePartsThanAPathHas_BlocksTheWay()
    {
        string deep = string.Concat(Enumerable.Repeat("d/", LayerPath.MostDepth - 1));
        MemoryTarget tree = Tree(tar => tar.Directory(deep).SymbolicLink("one", deep).Directory("one/a/b/").SymbolicLink("near", "one/a").SymbolicLink("far", "one/a/b"));
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);

        Assert.Equal(LayerPath.MostDepth, walk.Open(LayerPath.Parse("near").Components)!.Path.Components.Length);
        Assert.Throws<LayerImageException>(() => walk.Open(LayerPath.Parse("far").Components));
    }

    [Fact]
    public void LinkFurtherDownThanOneCallReaches_IsRefused()
    {
        string part = new string('n', 200) + "/", deep = string.Concat(Enumerable.Repeat(part, 21));
        MemoryTarget tree = Tree(tar => tar.Directory(deep + "dir/").SymbolicLink(deep + "link", "dir").SymbolicLink("short", deep[part.Length..]));
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);

        Assert.Contains("symbolic link", Assert.Throws<LayerImageException>(() => walk.Open(LayerPath.Parse(deep + "link").Components)).Message, StringComparison.Ordinal);
        Assert.NotNull(walk.Open(LayerPath.Parse("short/" + part + "dir").Components)); // from there on the way may be as long as any
    }

    [Fact]
    public void MissingParts_AreMadeWhereTheyReallyAre()
    {
        MemoryTarget tree = Tree(tar => tar.Directory("real/").SymbolicLink("link", "real/deep"));
        List<string> made = [];
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, (directory, name) => Make(tree, directory, name, made));

        walk.Open(LayerPath.Parse("link/er/est").Components);
        walk.Open(LayerPath.Parse("link/er/other").Components);

        Assert.Equal(["real/deep", "real/deep/er", "real/deep/er/est", "real/deep/er/other"], made);
    }

    [Fact]
    public void WhatIsOpen_StaysUntilItIsForgotten()
    {
        MemoryTarget tree = Tree(tar => tar.Directory("a/b/"));
        using PathWalk<LayerEntry> walk = new(tree, tree.Root, missing: null);
        Assert.NotNull(walk.Open(LayerPath.Parse("a/b").Components));
        tree.Remove(tree.Root, "a");

        Assert.NotNull(walk.Open(LayerPath.Parse("a/b").Components));
        walk.Forget();
        Assert.Null(walk.Open(LayerPath.Parse("a/b").Components));
    }

    private static LayerEntry Make(MemoryTarget tree, LayerEntry directory, NativePath name, List<string> made)
    {
        Assert.True(tree.TryMakeDirectory(directory, name));
        LayerEntry child = tree.Child(directory, name)!;
        made.Add(child.Path.ToString());
        return child;
    }

    private static MemoryTarget Tree(Func<LayerBuilder, LayerBuilder> fill) => LayerInterpreterTests.Apply(fill(new LayerBuilder()).ToTar());
}
