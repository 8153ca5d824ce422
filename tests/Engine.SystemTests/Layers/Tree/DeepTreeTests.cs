using System.Runtime.ExceptionServices;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Layers;

/// <summary>
/// Trees as deep as a container likes to make them are walked on a stack of a fixed size. An overflow would end the
/// whole process: these tests cannot fail without taking the others with them.
/// </summary>
public sealed class DeepTreeTests : IDisposable
{
    private const int Depth = 2000;
    private const int SmallStack = 128 << 10;
    private readonly TempFolder _folder = new();

    public DeepTreeTests()
    {
        Assert.SkipWhen(Requires.OpenFiles(4096) is not null, Requires.OpenFiles(4096) ?? "");
        Directory.CreateDirectory(_folder["lower"]);
        Directory.CreateDirectory(_folder["upper"]);
        Directory.CreateDirectory(Path.Combine([_folder["upper"], .. Enumerable.Repeat("d", Depth)]));
    }

    public void Dispose()
    {
        TreeRemoval.Remove(_folder["upper"]);
        _folder.Dispose();
    }

    [Fact]
    public void Comparing_NeedsNoStackForDepth() => OnSmallStack(() =>
    {
        LayerStack before = new("before", null, [_folder["lower"]], _folder["lower"]);
        LayerStack after = new("after", null, [_folder["upper"], _folder["lower"]], _folder["upper"]);

        List<LayerChange> changes = [.. before.CompareTo(after, new LayerCompareOptions { Beneath = "/d" }, TestContext.Current.CancellationToken)];

        Assert.Equal(Depth, changes.Count);
        Assert.All(changes, change => Assert.Equal(LayerChangeKind.Added, change.Kind));
    });

    [Fact]
    public void Packing_NeedsNoStackForDepth() => OnSmallStack(() =>
    {
        TarSink sink = new(Stream.Null, keepsTree: false, TestContext.Current.CancellationToken);

        new LayerTreeWalker(sink, TreeWalkOptions.Plain(includeRoot: false), TestContext.Current.CancellationToken).Walk([_folder["upper"]]);

        Assert.Equal(Depth, sink.Entries);
    });

    [Fact]
    public void Verifying_NeedsNoStackForDepth() => OnSmallStack(() =>
    {
        byte[] tar = new LayerBuilder().File(string.Concat(Enumerable.Repeat("d/", Depth)) + "file").ToTar();

        IReadOnlyList<LayerDifference> differences = LayerVerifier.Verify(new MemoryStream(tar), _folder["upper"], [], 10, TestContext.Current.CancellationToken);

        Assert.EndsWith("/d/file", Assert.Single(differences).Path, StringComparison.Ordinal);
    });

    [Fact]
    public void Syncing_NeedsNoStackForDepth() => OnSmallStack(() => TreeSync.Run(_folder["upper"], entries: 1));

    // Deeper than it has directories open at once.
    [Fact]
    public void Measuring_NeedsNoStackForDepth() => OnSmallStack(() =>
    {
        string file = Path.Combine(_folder["upper"], string.Join('/', Enumerable.Repeat("d", Depth)), "file");
        long before = DiskUsage.Of(_folder["upper"]);
        File.WriteAllBytes(file, new byte[1 << 20]);
        File.WriteAllBytes(_folder["upper/d/d/last"], new byte[1 << 20]); // looked at on the way back

        Assert.InRange(DiskUsage.Of(_folder["upper"]) - before, 2 << 20, (2 << 20) + (16 << 10));
    });

    private static void OnSmallStack(Action action)
    {
        ExceptionDispatchInfo? error = null;
        Thread thread = new(() =>
        {
            try
            {
                action();
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
            }
        }, SmallStack);
        thread.Start();
        thread.Join();
        error?.Throw();
    }
}
