using LayerImage.Engine.Layers;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.Tests.Layers;

public sealed class TreeTarTests
{
    [Fact]
    public void Copy_IsTheSameTreeAgain()
    {
        using TempFolder folder = new("sealer-");
        string tree = Directory.CreateDirectory(folder["tree"]).FullName, copy = Directory.CreateDirectory(folder["copy"]).FullName;
        Directory.CreateDirectory(Path.Combine(tree, "etc"));
        File.WriteAllText(Path.Combine(tree, "etc/hosts"), "127.0.0.1 localhost\n");
        // The root's time is older than the moment at which the copy's entries are made.
        Directory.SetLastWriteTimeUtc(tree, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));

        DigestedTree first = TreeTar.Copy(tree, copy, includeRoot: true, TestContext.Current.CancellationToken);

        Assert.Equal(first.DiffId, TreeTar.Digest(tree, includeRoot: true, TestContext.Current.CancellationToken).DiffId);
        Assert.Equal(first.DiffId, TreeTar.Digest(copy, includeRoot: true, TestContext.Current.CancellationToken).DiffId);
    }
}
