using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Store;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Every number of bytes that is told is what the disk has, and what a removal gives back.</summary>
public sealed class SizeTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task UniqueSize_IsWhatRemovingTheImageFrees()
    {
        await FillAsync();
        string[] ids = [.. _harness.Engine.Images.List().Select(image => image.Id)];
        Assert.Equal(5, ids.Length);

        // Each alone, from the same beginning; then put back.
        foreach (string id in ids)
        {
            Image image = _harness.Engine.Images.Get(id);
            long before = await _harness.BytesOnDiskAsync();

            PlannedRemoval plan = Assert.Single(_harness.Engine.Images.PlanRemovals([(image, null)], force: true));
            Assert.Equal(before, await _harness.BytesOnDiskAsync());
            ImageRemoval removal = _harness.Engine.Images.Remove(image, null, force: true, pretend: false);

            long freed = before - await _harness.BytesOnDiskAsync();
            Assert.Equal((freed, freed, freed), (image.UniqueSize, plan.Removal!.BytesFreed, removal.BytesFreed));
            Assert.Equal(image.Size, image.UniqueSize + image.SharedSize);
            await FillAsync();
        }
    }

    [Fact]
    public async Task Size_OfTheOnlyImageIsTheWholeDisk()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(Blob("a", 5000)).WithLayer(Blob("b", 300)).WithLayer(Blob("a", 5000)).Build().PushTo(_harness.Registry, "one"));

        Assert.Equal(await _harness.BytesOnDiskAsync(), image.Size);
        Assert.Equal(image.Size, image.UniqueSize);
        Assert.Equal(_harness.Registry.Requests.Count(request => request.Path.Contains("/blobs/", StringComparison.Ordinal)) - 1, image.Layers.DistinctBy(layer => layer.DiffId).Count());
        Assert.Equal(Blob("a", 5000).Blob.Length + Blob("b", 300).Blob.Length, image.DownloadSize);
    }

    [Fact]
    public async Task Plan_OfSeveralImagesCountsWhatTheyShareOnce()
    {
        await FillAsync();
        IReadOnlyList<Image> images = _harness.Engine.Images.List();
        long before = await _harness.BytesOnDiskAsync();

        IReadOnlyList<PlannedRemoval> plans = _harness.Engine.Images.PlanRemovals([.. images.Skip(1).Select(image => (image, (string?)null))], force: true);
        foreach (Image image in images.Skip(1))
        {
            _harness.Engine.Images.Remove(image, null, force: true, pretend: false);
        }

        Assert.All(plans, plan => Assert.Null(plan.Failure));
        Assert.Equal(before - await _harness.BytesOnDiskAsync(), plans.Sum(plan => plan.Removal!.BytesFreed));
        // One by one they would have told less: what is shared is nobody's own.
        Assert.True(images.Skip(1).Sum(image => image.UniqueSize) < plans.Sum(plan => plan.Removal!.BytesFreed));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task Plan_SaysWhatBlocksOneAndPlansTheOthers()
    {
        Image first = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(Blob("a", 100)).Build().PushTo(_harness.Registry, "one"));
        first = _harness.Engine.Images.AddTag(first, "two-names:1");
        Image second = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(Blob("b", 100)).Build().PushTo(_harness.Registry, "two"));

        IReadOnlyList<PlannedRemoval> plans = _harness.Engine.Images.PlanRemovals([(first, null), (second, null), (second, null)], force: false);

        Assert.Equal(EngineError.ImageInUse, plans[0].Failure!.Error);
        Assert.Contains("two-names:1", plans[0].Failure!.Message, StringComparison.Ordinal);
        Assert.True(plans[1].Removal!.Deleted);
        Assert.Equal(EngineError.ImageNotFound, plans[2].Failure!.Error);
        Assert.Equal(2, _harness.Engine.Images.List().Count);
    }

    [Fact]
    public async Task UsedImage_IsNotRemovedAndTheMessageNamesTheContainer()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(Blob("a", 5000)).Build().PushTo(_harness.Registry, "one"));
        StoreDatabase database = StoreDatabase.Open(_harness.Layout.Database);
        database.Write(transaction =>
        {
            transaction.Execute("INSERT INTO container (id, name, image, created, spec, state) VALUES ('c1', 'keeper', ?1, 0, '{}', 'Exited')", image.Id);
            transaction.Execute("INSERT INTO container_layer (container, position, layer) SELECT 'c1', position, layer FROM image_layer WHERE image = ?1", image.Id);
        });

        LayerImageException error = Assert.Throws<LayerImageException>(() => _harness.Engine.Images.Remove(image, null, force: false, pretend: true));
        long before = await _harness.BytesOnDiskAsync();
        Image used = _harness.Engine.Images.Get(image.Id);
        ImageRemoval removal = _harness.Engine.Images.Remove(used, null, force: true, pretend: false);

        Assert.Contains("keeper", error.Message, StringComparison.Ordinal);
        Assert.Equal(image.Reference, error.Target);
        Assert.Empty(_harness.Engine.Images.FindUnwanted(new ImageClearing()));
        // The container keeps its layers, their blobs and the configuration; only the manifest goes.
        Assert.Equal(before - await _harness.BytesOnDiskAsync(), removal.BytesFreed);
        Assert.Equal(removal.BytesFreed, used.UniqueSize);
        Assert.True(removal.BytesFreed < 1000);
    }

    [Fact]
    public async Task Unwanted_AreChosenByAllCriteria()
    {
        Image[] versions = new Image[4];
        for (int i = 0; i < versions.Length; i++)
        {
            BuiltImage built = new ImageBuilder().WithLabel("stage", i % 2 == 0 ? "test" : "live").WithLayer(Blob($"v{i}", 10 + i)).Build();
            built = built with { Config = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(built.Config).Replace("2024-02-29T12", $"2024-02-2{i}T12", StringComparison.Ordinal)) };
            string old = LayerBlobDigest(new ImageBuilder().WithLabel("stage", i % 2 == 0 ? "test" : "live").WithLayer(Blob($"v{i}", 10 + i)).Build().Config);
            built = built with { Manifest = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(built.Manifest).Replace(old, LayerBlobDigest(built.Config), StringComparison.Ordinal)) };
            versions[i] = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "app", $"v{i}"));
        }
        Image nameless = _harness.Engine.Images.RemoveTag(versions[0], versions[0].Tags[0]);

        string[] chosen(ImageClearing clearing) => [.. _harness.Engine.Images.FindUnwanted(clearing).Select(item => item.Image.Id).Order()];
        string[] ids(params Image[] images) => [.. images.Select(image => image.Id).Order()];

        Assert.Empty(nameless.Tags);
        Assert.Equal(ids(nameless), chosen(new ImageClearing { Dangling = true }));
        Assert.Equal(ids(versions[1]), chosen(new ImageClearing { KeepLast = 2 }));
        Assert.Equal(ids(versions[1], versions[2], versions[3]), chosen(new ImageClearing { KeepLast = 0 }));
        Assert.Equal(ids(versions[1], versions[3]), chosen(new ImageClearing { Labels = ["stage=live"] }));
        Assert.Equal(ids(versions), chosen(new ImageClearing { Labels = ["stage"] }));
        Assert.Empty(chosen(new ImageClearing { UnusedSince = DateTimeOffset.UtcNow.AddHours(-1) }));
        Assert.Equal(ids(versions), chosen(new ImageClearing { UnusedSince = DateTimeOffset.UtcNow.AddHours(1) }));
        Assert.Empty(chosen(new ImageClearing { Labels = ["stage=live"], KeepLast = 5 }));
    }

    [Fact]
    public async Task Prefix_NamesOneImageOrListsTheCandidates()
    {
        // Prefixes of one digit are none; among 40 images two begin with the same two digits or nothing is proved.
        for (int i = 0; i < 40; i++)
        {
            await _harness.ReceiveAsync(new ImageBuilder().WithLabel("n", $"{i}").Build().PushTo(_harness.Registry, $"i{i}"));
        }
        IReadOnlyList<Image> images = _harness.Engine.Images.List();
        IGrouping<string, Image>? twins = images.GroupBy(image => image.Id[7..9]).OrderByDescending(group => group.Count()).First();
        Assert.True(twins.Count() > 1);

        LayerImageException error = Assert.Throws<LayerImageException>(() => _harness.Engine.Images.Get(twins.Key));

        Assert.Equal(EngineError.AmbiguousId, error.Error);
        Assert.All(twins, twin => Assert.Contains(twin.Id[7..19], error.Message, StringComparison.Ordinal));
        Assert.All(twins, twin => Assert.Contains(twin.Tags[0], error.Message, StringComparison.Ordinal));
        Assert.All(images, image => Assert.Equal(image.Id, _harness.Engine.Images.Get(image.Id[7..27]).Id));
        Assert.All(images, image => Assert.Equal(image.Id, _harness.Engine.Images.Get(image.Digest!).Id));
        Assert.All(images, image => Assert.Equal(image.Id, _harness.Engine.Images.Get(image.Digest![..30].ToUpperInvariant().Replace("SHA", "sha", StringComparison.Ordinal)).Id));
        // A name wins over an id that begins alike.
        Image named = _harness.Engine.Images.AddTag(images[0], images[1].Id[7..19]);
        Assert.Equal(named.Id, _harness.Engine.Images.Get(images[1].Id[7..19]).Id);
        Assert.Equal(images[1].Id, _harness.Engine.Images.Get(images[1].Id[7..20]).Id);
    }

    [Fact]
    public async Task History_StandsBesideItsLayers()
    {
        string reference = new ImageBuilder().WithLayer(Blob("a", 100)).WithLayer(Blob("b", 200)).Build().PushTo(_harness.Registry, "one");
        Image image = await _harness.ReceiveAsync(reference);

        Oci.HistoryEntry[] steps = [new() { CreatedBy = "FROM" }, new() { CreatedBy = "ENV A=b", EmptyLayer = true, Author = "me", Comment = "why" }];
        IReadOnlyList<ImageHistoryEntry> entries = _harness.Engine.Images.GetHistory(image with { Config = image.Config with { History = steps } });
        IReadOnlyList<ImageHistoryEntry> long_ = _harness.Engine.Images.GetHistory(image with { Config = image.Config with { History = [.. steps, .. steps, .. steps] } });

        Assert.Equal(["layer 1", "layer 2"], _harness.Engine.Images.GetHistory(image).Select(entry => entry.CreatedBy));
        Assert.Equal([100L, 0, 200], entries.Select(entry => entry.Size));
        Assert.Equal([image.Layers[0].DiffId, null, image.Layers[1].DiffId], entries.Select(entry => entry.DiffId));
        Assert.Equal([0, 1, 2], entries.Select(entry => entry.Position));
        Assert.Equal((true, "me", "why"), (entries[1].EmptyLayer, entries[1].Author, entries[1].Comment));
        Assert.Equal([image.Layers[0].DiffId, null, image.Layers[1].DiffId, null, null, null], long_.Select(entry => entry.DiffId));
    }

    // Shared and own layers, two packings of one layer, a layer without its parents, an index over an image.
    private async Task FillAsync()
    {
        LayerBlob shared = Blob("shared", 4000), implied = LayerBlob.From(new LayerBuilder().File("dir/new", new byte[700]).ToTar(), LayerCompression.Gzip);
        byte[] tar = new LayerBuilder().File("packed", new byte[900]).ToTar();
        BuiltImage[] built =
        [
            new ImageBuilder().WithLayer(shared).WithLayer(Blob("one", 100)).WithLayer(implied).Build(),
            new ImageBuilder().WithLayer(shared).WithLayer(Blob("two", 200)).WithLayer(implied).Build(),
            new ImageBuilder().WithLayer(LayerBlob.From(tar, LayerCompression.Gzip)).WithLayer(shared).Build(),
            new ImageBuilder().WithLabel("other", "image").WithLayer(LayerBlob.From(tar, LayerCompression.None)).WithLayer(shared).Build(),
        ];
        for (int i = 0; i < built.Length; i++)
        {
            await _harness.ReceiveAsync(built[i].PushTo(_harness.Registry, $"image{i}"));
        }
        await _harness.ReceiveAsync(new IndexBuilder().With(new ImageBuilder().WithLayer(shared).WithLayer(Blob("indexed", 50)).Build()).PushTo(_harness.Registry, "indexed"));
    }

    private static string LayerBlobDigest(byte[] bytes) => Oci.Digest.Of(bytes).ToString();

    private static LayerBlob Blob(string name, int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        return LayerBlob.From(new LayerBuilder().File(name, content).ToTar(), LayerCompression.Gzip);
    }
}
