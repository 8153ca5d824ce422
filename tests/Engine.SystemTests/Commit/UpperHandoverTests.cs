using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>The upper directory of a container that does not run becomes the layer, and the container goes on over it.</summary>
public sealed class UpperHandoverTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly OverlayMountDriver _driver = new();
    private string _base = "";

    public ValueTask InitializeAsync()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        _base = new ImageBuilder().WithCommand("sh")
            .WithLayer(layer => layer.Directory("./", new LayerBuilder.Attributes { Gid = 7 }).Directory("dir/").File("dir/a", "a").File("dir/b", "b").Directory("swap/").File("swap/old").File("top", "t"))
            .Build().PushTo(_harness.Registry, "base/image");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task Commit_CopiesNothing_AndTheContainerGoesOn()
    {
        Container container = await CreateAsync(_base);
        TreeDigest before = await ChangeAsync(container.Id, "echo new >new; echo 2 >>dir/a; rm top; rm -r swap; mkdir swap; chmod 710 .; touch -d '2001-02-03 UTC' .");
        IReadOnlyList<LayerChange> changes = await ChangesAsync(container);
        string inode = await InodeAsync(Path.Combine(_harness.Layout.Upper(container.Id), "new"));

        Image image = await CommitAsync(container, "one:1");

        Assert.Equal(inode, await InodeAsync(Path.Combine(image.Layers[^1].Path!, "new")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Upper(container.Id)));
        Assert.Empty(before.DifferencesTo(await ChangeAsync(container.Id, "")));
        Assert.Equal(changes, await ChangesAsync(container));
        Assert.Equal(container.Spec, (await _harness.Engine.Containers.GetAsync(container.Id, ImageHarness.Stop)).Spec, (a, b) => a!.ImageId == b!.ImageId);
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task FurtherCommits_StandOnTheFormer_AndChangesAreAgainstItsOwnImage()
    {
        Container container = await CreateAsync(_base);
        await ChangeAsync(container.Id, "echo 1 >one; echo 1 >dir/a; rm -r swap; mkdir swap; echo 1 >swap/new");
        Image first = await CommitAsync(container, "one:1", "the first");
        TreeDigest before = await ChangeAsync(container.Id, "rm one swap/new; rm top; mkdir top; echo 2 >dir/a; echo 2 >two");

        Image second = await CommitAsync(container, "two:1", "the second");
        Image same = await CommitAsync(container, "three:1", "nothing");

        Assert.Equal([.. first.Layers.Select(layer => layer.DiffId)], second.Layers.Take(2).Select(layer => layer.DiffId));
        Assert.Equal(3, second.Layers.Count);
        Assert.Equal([.. second.Layers.Select(layer => layer.DiffId)], same.Layers.Select(layer => layer.DiffId));
        Assert.Equal(["the first", "the second"], second.Config.History!.TakeLast(2).Select(entry => entry.Comment));
        Assert.Equal(second.Layers.Count, second.Config.History!.Count(entry => entry.EmptyLayer != true));
        Assert.True(same.Config.History![^1].EmptyLayer);
        Assert.Empty(before.DifferencesTo(await ShowAsync(second)));
        Assert.Empty(before.DifferencesTo(await ShowAsync(same)));
        Assert.Equal(["Modified /dir/a", "Modified /swap", "Deleted /swap/old", "Modified /top", "Added /two"],
            (await ChangesAsync(container)).Select(change => $"{change.Kind} {change.Path}"));
    }

    [Fact]
    public async Task AllChangesAsOneLayer_ShowTheSame()
    {
        Container container = await CreateAsync(_base);
        await ChangeAsync(container.Id, "echo 1 >one; ln one again; echo 1 >dir/a; rm -r swap; mkdir -p swap/deep; echo 1 >swap/deep/new; mkdir gone; echo 1 >gone/in; echo 1 >file");
        await CommitAsync(container, "one:1");
        await ChangeAsync(container.Id, "echo 2 >>one; rm swap/deep/new; rm -r gone; rm file; mkdir file; echo 2 >file/in; rm dir/b");
        await CommitAsync(container, "two:1");
        TreeDigest before = await ChangeAsync(container.Id, "rm -r dir; mkdir dir; echo 3 >dir/c; echo 3 >gone");
        OverlayMount mount = _harness.Describe(container.Id);
        string[] lower = [mount.LowerDirs[^1]];
        string copy = Directory.CreateDirectory(_harness.Store["copy"]).FullName, work = Directory.CreateDirectory(_harness.Store["work"]).FullName;

        DigestedTree layer = TreeTar.Copy([mount.UpperDir!, .. mount.LowerDirs.SkipLast(1)], copy, new TreeWalkOptions { IncludeRoot = true, LowerDirs = lower }, ImageHarness.Stop);

        Assert.Equal(layer.DiffId, TreeTar.Digest(copy, includeRoot: true, ImageHarness.Stop).DiffId);
        _driver.Mount(mount with { UpperDir = copy, WorkDir = work, LowerDirs = lower });
        try
        {
            Assert.Empty(before.DifferencesTo(TreeDigest.Of(mount.Merged)));
        }
        finally
        {
            _driver.Unmount(mount.Merged);
        }
    }

    [Fact]
    public async Task FiftyCommits_AreFiftyLayers()
    {
        Container container = await CreateAsync(_base);
        TreeDigest before = TreeDigest.Of(_harness.Store.Options.Root);
        Image? image = null;
        for (int i = 0; i < 50; i++)
        {
            before = await ChangeAsync(container.Id, $"echo {i} >dir/a; echo {i} >new{i}; rm -f new{i - 7}");
            image = await CommitAsync(container, "deep:1");
        }

        Assert.Equal(51, image!.Layers.Count);
        Assert.Empty(before.DifferencesTo(await ShowAsync(image)));
        Assert.Equal(8, (await ChangesAsync(container)).Count);
        await AssertNothingIsLeftAsync(container);
    }

    [Fact]
    public async Task ImagesRemoved_TheContainerKeepsItsLayers()
    {
        Container container = await CreateAsync(_base);
        TreeDigest before = await ChangeAsync(container.Id, "echo x >new");
        await CommitAsync(container, "one:1");

        RemoveImages();

        Assert.Empty(before.DifferencesTo(await ChangeAsync(container.Id, "")));
        Image image = await CommitAsync(container, "again:1");
        Assert.Empty(before.DifferencesTo(await ShowAsync(image)));
        await AssertNothingIsLeftAsync(container);
    }

    [Fact]
    public async Task SameChangeOfTwoContainers_IsOneLayer()
    {
        const string Script = "echo x >new; touch -d '2020-01-01 UTC' new .";
        Container one = await CreateAsync(_base), two = await CreateAsync(_base);
        await ChangeAsync(one.Id, Script);
        TreeDigest before = await ChangeAsync(two.Id, Script);

        Image first = await CommitAsync(one, "one:1"), second = await CommitAsync(two, "two:1");

        Assert.Equal(first.Layers[^1].Path, second.Layers[^1].Path);
        Assert.Empty(before.DifferencesTo(await ChangeAsync(two.Id, "")));
    }

    public enum Look
    {
        Changes,
        Commit,
        Leftovers,
        CommitOfAnother,
    }

    // What a process leaves that is killed after the rename and before the record.
    [Theory]
    [InlineData(Look.Changes)]
    [InlineData(Look.Commit)]
    [InlineData(Look.Leftovers)]
    [InlineData(Look.CommitOfAnother)]
    public async Task KilledBeforeTheRecord_TheUpperComesBack(Look look)
    {
        const string Script = "echo x >new; touch -d '2020-01-01 UTC' new .";
        Container container = await CreateAsync(_base), other = await CreateAsync(_base);
        TreeDigest before = await ChangeAsync(container.Id, Script);
        await ChangeAsync(other.Id, Script);
        string upper = _harness.Layout.Upper(container.Id), diffId = TreeTar.Digest(upper, includeRoot: true, ImageHarness.Stop).DiffId.Hex;
        UpperHandover.Mark(upper, container.Id);
        Directory.Move(upper, _harness.Layout.Layer(diffId));

        await LookAsync(look, container, other);

        Assert.True(Directory.Exists(upper));
        Assert.Empty(before.DifferencesTo(await ChangeAsync(container.Id, "")));
        Image image = await CommitAsync(container, "after:1");
        Assert.Equal(diffId, image.Layers[^1].DiffId[7..]);
        Assert.Empty(before.DifferencesTo(await ShowAsync(image)));
        _harness.AssertRecordsFitFiles();
        await _harness.Engine.Containers.RemoveAsync(other.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        await AssertNothingIsLeftAsync(container);
    }

    // What a process leaves that is killed after the record and before the new upper directory.
    [Theory]
    [InlineData(Look.Changes)]
    [InlineData(Look.Commit)]
    public async Task KilledAfterTheRecord_TheContainerGoesOnOverTheLayer(Look look)
    {
        Container container = await CreateAsync(_base);
        TreeDigest before = await ChangeAsync(container.Id, "echo x >new; chmod 711 .; touch -d '2020-01-01 UTC' .");
        await CommitAsync(container, "one:1");
        string upper = _harness.Layout.Upper(container.Id);
        Directory.Move(upper, Path.Combine(_harness.Layout.Container(container.Id), "next"));

        await LookAsync(look, container, container);

        Assert.Empty(before.DifferencesTo(await ChangeAsync(container.Id, "")));
        Assert.False(Directory.Exists(Path.Combine(_harness.Layout.Container(container.Id), "next")));
        Assert.Empty(before.DifferencesTo(await ShowAsync(await CommitAsync(container, "two:1"))));
    }

    [Fact]
    public async Task ContainerRemovedAfterTheKill_LeavesNothing()
    {
        Container container = await CreateAsync(_base);
        await ChangeAsync(container.Id, "echo x >new");
        UpperHandover.Mark(_harness.Layout.Upper(container.Id), container.Id);
        Directory.Move(_harness.Layout.Upper(container.Id), _harness.Layout.Layer("killed"));

        await AssertNothingIsLeftAsync(container);
    }

    // The record does not fit: the container has what it had.
    [Fact]
    public async Task FailedRecord_LeavesTheContainerAsItWas()
    {
        Container container = await CreateAsync(_base);
        TreeDigest before = await ChangeAsync(container.Id, "echo x >new");
        StoreDatabase database = StoreDatabase.Open(_harness.Layout.Database);
        database.Write(transaction => transaction.Execute("CREATE TRIGGER full BEFORE INSERT ON image BEGIN SELECT RAISE(ABORT, 'no room'); END"));

        await Assert.ThrowsAnyAsync<Exception>(() => CommitAsync(container, "one:1"));

        Assert.Empty(before.DifferencesTo(await ChangeAsync(container.Id, "")));
        Assert.Single(_harness.LayerFolders());
        database.Write(transaction => transaction.Execute("DROP TRIGGER full"));
        Assert.Empty(before.DifferencesTo(await ShowAsync(await CommitAsync(container, "two:1"))));
    }

    private async Task LookAsync(Look look, Container container, Container other)
    {
        switch (look)
        {
            case Look.Changes:
                Assert.Contains(await ChangesAsync(container), change => change.Path == "/new");
                break;
            case Look.Commit:
                await CommitAsync(container, "look:1");
                break;
            case Look.CommitOfAnother:
                await CommitAsync(other, "other:1");
                break;
            default:
                _harness.Engine.RemoveLeftovers();
                break;
        }
    }

    private async Task AssertNothingIsLeftAsync(Container container)
    {
        RemoveImages();
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        _harness.Engine.RemoveLeftovers();
        _harness.AssertNothingLeft();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Containers));
    }

    private void RemoveImages()
    {
        foreach (Image image in _harness.Engine.Images.List())
        {
            _harness.Engine.Images.Remove(image, null, force: true, pretend: false);
        }
    }

    private Task<IReadOnlyList<LayerChange>> ChangesAsync(Container container) => _harness.Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop);

    private static Task<string> InodeAsync(string path) => ImageHarness.ShellAsync($"stat -c %i '{path}'");

    private Task<Container> CreateAsync(string image) => _harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = image, Network = NetworkMode.None }, SilentObserver.Instance, ImageHarness.Stop);

    private Task<Image> CommitAsync(Container container, string reference, string? message = null) =>
        _harness.Engine.Commits.CommitAsync(container.Id, new CommitOptions { Reference = reference, Message = message }, SilentObserver.Instance, ImageHarness.Stop);

    private async Task<TreeDigest> ChangeAsync(string container, string script)
    {
        OverlayMount mount = _harness.Describe(container);
        _driver.Mount(mount);
        try
        {
            await ImageHarness.ShellAsync($"umask 022; cd '{mount.Merged}'; {script}");
            return TreeDigest.Of(mount.Merged);
        }
        finally
        {
            _driver.Unmount(mount.Merged);
        }
    }

    private async Task<TreeDigest> ShowAsync(Image image)
    {
        Container container = await CreateAsync(image.Id);
        TreeDigest shown = await ChangeAsync(container.Id, "");
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        return shown;
    }
}
