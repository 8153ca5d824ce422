using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>What a commit is told, and what it tells.</summary>
public sealed class CommitInputTests : IAsyncLifetime
{
    private static readonly DateTimeOffset s_time = new(2024, 5, 6, 7, 8, 9, TimeSpan.FromHours(5));
    private const string Golden = """{"created":"2024-05-06T02:08:09+00:00","author":"zyp","architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin","A=b"],"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["base","sha256:6485d1af5fbcf1026c87c90aaa32baf4de946340af4c004f3f40ac38abb2d13a"]},"history":[{"created":"2024-02-29T12:00:00+00:00","created_by":"layer 1"},{"created":"2024-05-06T02:08:09+00:00","created_by":"sh","author":"zyp","comment":"m"}]}""";

    private readonly CommitHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    // Also on another machine, at another time: what must come out is in the test.
    [Fact]
    public async Task Timestamp_MakesTheSameImageAnywhere()
    {
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, "echo x >new; mkdir more; touch -d '2020-01-02 UTC' new more");

        Image image = await _harness.CommitAsync(container, new CommitOptions { Reference = "dated:1", Timestamp = s_time, Author = "zyp", Message = "m", Changes = ["ENV A=b"] });

        Assert.Equal(s_time.ToUniversalTime(), image.CreatedAt);
        Assert.Equal(TimeSpan.Zero, image.Config.History![^1].Created!.Value.Offset);
        Assert.Equal("sha256:6485d1af5fbcf1026c87c90aaa32baf4de946340af4c004f3f40ac38abb2d13a", image.Layers[1].DiffId);
        string config = await File.ReadAllTextAsync(_harness.Images.Layout.Blob(Digest.Parse(image.Id)), ImageHarness.Stop);
        // The base is built anew for each test.
        Assert.Equal(Golden, config.Replace(image.Layers[0].DiffId, "base", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TagOfAnotherImage_MovesAndSaysSo()
    {
        Container container = await _harness.CreateAsync();
        Image first = await _harness.CommitAsync(container, new CommitOptions { Reference = "same:1", Timestamp = s_time });
        Assert.Empty(_harness.Warnings);
        Image again = await _harness.CommitAsync(container, new CommitOptions { Reference = "same:1", Timestamp = s_time });
        Assert.Equal(first.Id, again.Id);
        Assert.Empty(_harness.Warnings);

        Image other = await _harness.CommitAsync(container, new CommitOptions { Reference = "same:1", Message = "other" });

        Assert.Contains(first.Id, Assert.Single(_harness.Warnings), StringComparison.Ordinal);
        Assert.Equal(other.Id, _harness.Images.Engine.Images.Get("same:1").Id);
        Assert.Empty(_harness.Images.Engine.Images.Get(first.Id).Tags);
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Volumes_AreNamed()
    {
        string one = Directory.CreateDirectory(_harness.Images.Store["one"]).FullName;
        Container container = await _harness.CreateAsync(null, $"{one}:/data/one", $"{one}:/data/two:ro");

        await _harness.CommitAsync(container, new CommitOptions());

        Assert.Equal(2, _harness.Warnings.Count);
        Assert.Contains("/data/one ", _harness.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("/data/two ", _harness.Warnings[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("team/CASE", null, EngineError.ReferenceInvalid)]
    [InlineData("a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", null, EngineError.ReferenceInvalid)]
    [InlineData("fine:1", "RUN true", EngineError.ParameterInvalid)]
    [InlineData("fine:1", "ENV A=\"b", EngineError.ParameterInvalid)]
    public async Task BadInput_LeavesNothing(string reference, string? change, EngineError expected)
    {
        Container container = await _harness.CreateAsync();
        await _harness.ChangeAsync(container, "echo x >new");
        int images = _harness.Images.Engine.Images.List().Count, blobs = _harness.Images.Blobs().Count;

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() =>
            _harness.CommitAsync(container, new CommitOptions { Reference = reference, Changes = change is null ? [] : [change] }));

        Assert.Equal(expected, error.Error);
        Assert.Equal((images, blobs), (_harness.Images.Engine.Images.List().Count, _harness.Images.Blobs().Count));
        Assert.NotEmpty(await _harness.Images.Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop));
        await AssertWholeAsync();
    }

    // It reads as a reference, too.
    [Theory]
    [InlineData("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task WholeIdThatIsNotHere_IsAskedOfNoRegistry(string id) =>
        Assert.Equal(EngineError.ImageNotFound, (await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.CreateAsync(id))).Error);

    // Its layers are still another's: the container would stand, and no image could be made of it.
    [Fact]
    public async Task ImageRemovedWhileItsContainerIsMade_IsNotFound()
    {
        ImageHarness images = _harness.Images;
        Container container = await _harness.CreateAsync();
        string[] layers = [.. images.Engine.Images.Get(_harness.Base).Layers.Select(layer => Path.GetFileName(layer.Path!))];
        await _harness.CommitAsync(container, new CommitOptions { Reference = "another:1" });
        await images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        images.Engine.Images.Remove(images.Engine.Images.Get(_harness.Base), null, force: true, pretend: false);
        ContainerRecords records = new(StoreDatabase.Open(images.Layout.Database), NetworkOptions.For(images.Store.Options), images.Store.Options.Run);

        LayerImageException error = Assert.Throws<LayerImageException>(() => records.Create(container.Id, null, container.Spec, layers, DateTimeOffset.UnixEpoch));

        Assert.Equal(EngineError.ImageNotFound, error.Error);
        Assert.Empty(records.List());
    }

    [Fact]
    public async Task RemovedContainer_IsNotFound()
    {
        Container container = await _harness.CreateAsync();
        await _harness.Images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.CommitAsync(container, new CommitOptions()));

        Assert.Equal(EngineError.ContainerNotFound, error.Error);
        await AssertWholeAsync();
    }

    // The removal holds the container's lock; the commit has found the container and waits for that.
    [Fact]
    public async Task ContainerRemovedWhileTheCommitWaits_IsNotFound()
    {
        Container container = await _harness.CreateAsync();
        Task<Image> commit;
        using (FileLock removal = FileLock.TryAcquire(_harness.Images.Layout.Lock("container-" + container.Id))!)
        {
            commit = _harness.CommitAsync(container, new CommitOptions { Reference = "late:1" });
            await Task.Delay(100, ImageHarness.Stop);
            Assert.False(commit.IsCompleted);
            StoreDatabase.Open(_harness.Images.Layout.Database).Write(transaction => transaction.Execute("DELETE FROM container WHERE id = ?1", container.Id));
        }

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => commit);

        Assert.Equal(EngineError.ContainerNotFound, error.Error);
        _harness.Images.Engine.RemoveLeftovers(); // the files that the removal had not come to yet
        Assert.Empty(_harness.Images.Engine.Images.Find("late:1"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Images.Layout.Containers));
        Assert.Empty(Directory.EnumerateFiles(_harness.Images.Layout.Locks, "container-*"));
        await AssertWholeAsync();
    }

    [Theory]
    [InlineData("commit")]
    [InlineData("commit-copy")]
    public async Task RemovalsDuringACommit_HurtNeither(string how)
    {
        Container container = await _harness.CreateAsync();
        TreeDigest seen = await _harness.ChangeAsync(container, "echo x >new; touch -d '2020-01-02 UTC' new .");
        ImageService images = _harness.Images.Engine.Images;
        CommitOptions options = new() { Reference = "kept:1", Provenance = true, Timestamp = how == "commit" ? null : DateTimeOffset.UtcNow };
        Task<Image> commit;
        Task removal;
        using (await HoldLayerAsync(container))
        {
            int blobs = _harness.Images.Blobs().Count;
            commit = _harness.CommitAsync(container, options);
            // It has read all it needs, and is about to record it.
            await UntilAsync(() => _harness.Images.Blobs().Count > blobs);

            images.Remove(images.Get(_harness.Base), null, force: true, pretend: false);
            removal = _harness.Images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
            await Task.Delay(100, ImageHarness.Stop);
            Assert.False(commit.IsCompleted || removal.IsCompleted);
        }

        Image image = await commit;
        await removal;

        Assert.Empty(await _harness.Images.Engine.Containers.ListAsync(ImageHarness.Stop));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Images.Layout.Containers));
        Assert.Equal(image.Id, Assert.Single(images.List()).Id);
        await AssertWholeAsync();
        Assert.DoesNotContain(seen.DifferencesTo(await _harness.ShowAsync(image)), line => !line.StartsWith(".: Time", StringComparison.Ordinal));
    }

    // Whoever comes first: there is an image or none, and never a part of one.
    [Fact]
    public async Task CommitAndRemovalAtOnce_EndInOneOrTheOther()
    {
        for (int i = 0; i < 10; i++)
        {
            Container container = await _harness.CreateAsync();
            await File.WriteAllTextAsync(Path.Combine(_harness.Images.Layout.Upper(container.Id), "new"), $"{i}", ImageHarness.Stop);
            Task removal = Task.Run(() => _harness.Images.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop), ImageHarness.Stop);
            await Task.Delay(i, ImageHarness.Stop);
            try
            {
                Assert.Equal(2, (await _harness.CommitAsync(container, new CommitOptions { Reference = $"one:{i}" })).Layers.Count);
            }
            catch (LayerImageException e) when (e.Error == EngineError.ContainerNotFound)
            {
                Assert.Empty(_harness.Images.Engine.Images.Find($"one:{i}"));
            }
            await removal;
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Images.Layout.Containers));
        Assert.Empty(Directory.EnumerateFiles(_harness.Images.Layout.Locks, "container-*"));
        await AssertWholeAsync();
    }

    [Fact]
    public async Task BaseImageRemoved_IsCommittedExportedAndUsed()
    {
        Container container = await _harness.CreateAsync();
        TreeDigest seen = await _harness.ChangeAsync(container, "echo x >new");
        ImageService images = _harness.Images.Engine.Images;
        images.Remove(images.Get(_harness.Base), null, force: true, pretend: false);

        Image image = await _harness.CommitAsync(container, new CommitOptions { Reference = "orphan:1", Provenance = true });

        string archive = _harness.Images.Store["orphan.tar"];
        await images.ExportAsync([new ImageToExport(image, image.Tags)], archive, new ExportOptions { Format = ImageExportFormat.OciArchive }, SilentObserver.Instance, ImageHarness.Stop);
        await using CommitHarness other = new();
        await foreach (Image again in other.Images.Engine.Images.ImportAsync(archive, new ImportOptions(), SilentObserver.Instance, ImageHarness.Stop))
        {
            Assert.Equal(image.Id, again.Id);
            Assert.DoesNotContain(seen.DifferencesTo(await other.ShowAsync(again)), line => !line.StartsWith(".: Time", StringComparison.Ordinal));
        }
        await AssertWholeAsync();
    }

    [Fact]
    public async Task Provenance_IsInTheManifestAndTheHistory()
    {
        Container container = await _harness.CreateAsync();
        Image below = _harness.Images.Engine.Images.Get(_harness.Base);
        Image image = await _harness.CommitAsync(container, new CommitOptions { Reference = "said:1", Provenance = true, Author = "zyp", Message = "why", Changes = ["ENV A=b"] });

        CommitProvenance said = _harness.Images.Engine.Images.GetHistory(image)[^1].Provenance!;
        Assert.Equal((container.Name, container.Id, below.Id, below.Digest), (said.Container, said.ContainerId, said.ImageId, said.ImageDigest));
        string layout = _harness.Images.Store["said"];
        await _harness.Images.Engine.Images.ExportOciLayoutAsync(image, layout, ImageHarness.Stop);
        Digest manifest = Digest.Parse(_harness.Images.Engine.Images.Get(image.Id).Digest!);
        string text = await File.ReadAllTextAsync(Path.Combine(layout, "blobs/sha256", manifest.Hex), ImageHarness.Stop);
        Assert.Contains($"\"org.opencontainers.image.base.digest\":\"{below.Digest}\"", text, StringComparison.Ordinal);
        Assert.Contains("\"io.layerimage.commit.message\":\"why\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Annotations", await File.ReadAllTextAsync(_harness.Images.Layout.Blob(Digest.Parse(image.Id)), ImageHarness.Stop), StringComparison.OrdinalIgnoreCase);
    }

    // The lock of the layer that a container's changes are to be: a commit waits at it.
    private async Task<FileLock> HoldLayerAsync(Container container)
    {
        DigestedTree layer = TreeTar.Digest(_harness.Images.Layout.Upper(container.Id), includeRoot: true, ImageHarness.Stop);
        return await FileLock.AcquireAsync(_harness.Images.Layout.Lock("layer-" + layer.DiffId.Hex), "layer", SilentObserver.Instance, ImageHarness.Stop);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 1000, "not within 10 s");
            await Task.Delay(10, ImageHarness.Stop);
        }
    }

    // Nothing is damaged, and nothing left.
    private async Task AssertWholeAsync()
    {
        Assert.Empty(await _harness.Images.Engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Images.Layout.Scratch));
        _harness.Images.AssertRecordsFitFiles();
    }
}
