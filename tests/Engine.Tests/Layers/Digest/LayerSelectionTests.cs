using LayerImage.Engine.Interop;
using LayerImage.Engine.Layers;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

/// <summary>Chosen changes: each with its parents, deletions by their directory.</summary>
public sealed class LayerSelectionTests
{
    private readonly LayerSelection _selection = LayerSelection.Of(
    [
        new LayerChange { Path = "/etc/app/conf", Kind = LayerChangeKind.Modified },
        new LayerChange { Path = "/var/b", Kind = LayerChangeKind.Deleted },
        new LayerChange { Path = "/var/a", Kind = LayerChangeKind.Deleted },
        new LayerChange { Path = "/\\xff", RawPath = [(byte)'/', 0xff], Kind = LayerChangeKind.Added },
        new LayerChange { Path = "/top", Kind = LayerChangeKind.Deleted },
    ]);

    [Theory]
    [InlineData("etc/app/conf", true)]
    [InlineData("etc/app/", true)]
    [InlineData("etc", true)]
    [InlineData("var", true)]
    [InlineData("var/a", false)]
    [InlineData("etc/app/other", false)]
    [InlineData("top", false)]
    public void ChosenPaths_AreIncludedWithTheirParents(string path, bool isIncluded) => Assert.Equal(isIncluded, _selection.Includes(path));

    [Fact]
    public void NameThatIsNoText_IsChosenByItsBytes() => Assert.True(_selection.Includes(NativePath.From([0xff])));

    [Theory]
    [InlineData("var/", "a b")]
    [InlineData("", "top")]
    [InlineData("etc", "")]
    public void Deletions_AreSortedInTheirDirectory(string directory, string names) =>
        Assert.Equal(names, string.Join(' ', _selection.DeletedIn(((NativePath)directory).Bytes).Select(name => name.ToString())));
}
