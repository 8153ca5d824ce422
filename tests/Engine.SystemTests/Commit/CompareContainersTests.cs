using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>Containers compared with each other, and with images.</summary>
public sealed class CompareContainersTests : IAsyncDisposable
{
    private readonly CommitHarness _harness = new();

    private LayerImageEngine Engine => _harness.Images.Engine;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task TwoContainersOfOneImage()
    {
        Container one = await _harness.CreateAsync(), two = await _harness.CreateAsync();
        await _harness.ChangeAsync(one, "echo 1 >only-one; echo same >same; echo long >dir/a; rm dir/b; touch -d 2020-01-01 same");
        await _harness.ChangeAsync(two, "echo 2 >only-two; echo same >same; chmod 600 dir/a; rm -r dir/sub; mkdir dir/sub; touch -d 2020-01-01 same");

        Assert.Equal(["Modified /dir", "Modified /dir/a", "Added /dir/b", "Modified /dir/sub", "Deleted /dir/sub/deep", "Deleted /only-one", "Added /only-two"],
            Changes(await TreeAsync(one), await TreeAsync(two)));
        LayerChange file = Compare(await TreeAsync(one), await TreeAsync(two), new LayerCompareOptions { Beneath = "/dir/a", Content = ContentComparison.Always }).Single(change => change.Path == "/dir/a");
        Assert.True(file.Differences.HasFlag(LayerChangeAttributes.Mode | LayerChangeAttributes.Size | LayerChangeAttributes.Content), $"{file.Differences}");
        Assert.NotEqual(file.Hash, file.HashBefore);
        Assert.Equal(two.Name, file.ContainerName);
        Assert.Empty(Changes(await TreeAsync(one), await TreeAsync(one)));
    }

    [Fact]
    public async Task ImageWithAContainer_BothWays()
    {
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, "echo new >new; rm file; echo 2 >>dir/a");
        Image image = Engine.Images.Get(_harness.Base);
        LayerStack before = await Engine.Images.GetTreeAsync(image, SilentObserver.Instance, ImageHarness.Stop), after = await TreeAsync(container);

        string[] changes = Changes(before, after);

        Assert.Equal((await Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop)).Select(change => $"{change.Kind} {change.Path}"), changes);
        Assert.Equal(["Modified /dir/a", "Deleted /file", "Added /new"], changes.Where(change => change is not "Modified /"));
        Assert.Equal(["Modified /dir/a", "Added /file", "Deleted /new"], Changes(after, before).Where(change => change is not "Modified /"));
    }

    [Fact]
    public async Task ContainerWithAnImageOfOther_Layers()
    {
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, "echo new >new");
        Image other = await _harness.Images.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("dir/").File("dir/a", "a").File("extra")).Build().PushTo(_harness.Images.Registry, "other/image"));

        string[] changes = Changes(await TreeAsync(container), await Engine.Images.GetTreeAsync(other, SilentObserver.Instance, ImageHarness.Stop));

        Assert.Contains("Added /extra", changes);
        Assert.Contains("Deleted /new", changes);
        Assert.Contains("Deleted /dir/b", changes);
        Assert.DoesNotContain(changes, change => change.EndsWith("/dir/a", StringComparison.Ordinal));
    }

    private Task<LayerStack> TreeAsync(Container container) => Engine.Containers.Changes.GetTreeAsync(container.Id, ImageHarness.Stop);

    private static List<LayerChange> Compare(LayerStack before, LayerStack after, LayerCompareOptions options) => [.. before.CompareTo(after, options, ImageHarness.Stop)];

    private static string[] Changes(LayerStack before, LayerStack after) => [.. Compare(before, after, new LayerCompareOptions()).Select(change => $"{change.Kind} {change.Path}")];
}
