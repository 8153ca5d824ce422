using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>
/// A kind of thing that the engine does not have: an entry in the list of kinds and a table is all that it takes for its layers,
/// blobs and images to stay, and for its folders to be told from leftovers.
/// </summary>
public sealed class StoreKindTests : IAsyncDisposable
{
    private static readonly StoreKind s_cache = new()
    {
        Noun = "cache",
        Table = "cache",
        Folder = "caches",
        Claims =
        [
            new StoreClaim(StoreKinds.Layer, "cache", "layer", "id"),
            new StoreClaim(StoreKinds.Blob, "cache", "blob", "id"),
            new StoreClaim(StoreKinds.Image, "cache", "base", "id"),
        ],
    };

    private static readonly ClaimQueries s_claims = new([.. StoreKinds.All, s_cache]);

    private readonly ImageHarness _harness = new();
    private readonly LayerImageEngine _engine;
    private readonly StoreDatabase _database;

    public StoreKindTests()
    {
        _engine = new LayerImageEngine(_harness.Store.Options, s_claims);
        _database = StoreDatabase.Open(_harness.Layout.Database, s_claims);
        // Without foreign keys: nothing but the list keeps what it claims.
        _database.Write(transaction => transaction.Execute("CREATE TABLE cache (id TEXT PRIMARY KEY, layer TEXT, blob TEXT, base TEXT) WITHOUT ROWID"));
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task RemovalOfAnImage_LeavesWhatIsClaimed_UntilTheClaimEnds()
    {
        Image image = await ReceiveAsync();
        Claim(image.Layers[0].Path, image.Layers[1].Digest);
        long unique = image.UniqueSize - _engine.Images.Get(image.Id).UniqueSize;

        ImageRemoval removed = _engine.Images.Remove(image, null, force: false, pretend: false);

        Assert.Equal([image.Layers[1].DiffId], removed.DeletedLayers);
        AssertOnly(image.Layers[0].Path, image.Layers[1].Digest);
        Assert.True(unique > 0);
        await AssertCleanAsync();

        EndClaim();

        IReadOnlyList<StoreItem> garbage = _engine.Store.FindGarbage();
        Assert.Equal([StoreItemKind.Blob, StoreItemKind.Layer], garbage.Select(item => item.Kind));
        Assert.Equal(garbage, _engine.Store.Clear(garbage));
        _harness.AssertNothingLeft();
        await AssertCleanAsync();
    }

    [Fact]
    public async Task Clearing_LeavesWhatIsClaimedMeanwhile()
    {
        Image image = await ReceiveAsync();
        // As a process leaves it that is killed between the layers and the image.
        _database.Write(transaction => ImageTable.Delete(transaction, image.Id));
        IReadOnlyList<StoreItem> garbage = _engine.Store.FindGarbage();
        Assert.Equal(6, garbage.Count);
        Claim(image.Layers[0].Path, image.Layers[1].Digest);

        Assert.Equal(4, _engine.Store.Clear(garbage).Count());

        AssertOnly(image.Layers[0].Path, image.Layers[1].Digest);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task RemovalOfAContainer_LeavesWhatIsClaimed()
    {
        Image image = await ReceiveAsync();
        Container container = await _engine.Containers.CreateAsync(new ContainerRequest { Image = image.Id, Network = NetworkMode.None, Command = ["x"] }, SilentObserver.Instance, ImageHarness.Stop);
        _engine.Images.Remove(image, null, force: true, pretend: false);
        Claim(image.Layers[0].Path, image.Layers[1].Digest);

        await _engine.Containers.RemoveAsync(container.Id, force: false, SilentObserver.Instance, ImageHarness.Stop);

        AssertOnly(image.Layers[0].Path, image.Layers[1].Digest);
        await AssertCleanAsync();
    }

    [Fact]
    public async Task ClaimedImage_IsRemovedWithForceOnly()
    {
        Image image = await ReceiveAsync();
        _database.Write(transaction => transaction.Execute("INSERT INTO cache (id, base) VALUES ('c1', ?1)", image.Id));

        LayerImageException error = Assert.Throws<LayerImageException>(() => _engine.Images.Remove(image, null, force: false, pretend: true));

        Assert.Equal(EngineError.ImageInUse, error.Error);
        Assert.Contains("is used by the cache c1.", error.Message, StringComparison.Ordinal);
        Assert.Empty(_engine.Images.FindUnwanted(new ImageClearing()));
        Assert.True(_engine.Images.Remove(image, null, force: true, pretend: false).Deleted);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task LossOfWhatIsClaimed_IsFound()
    {
        Image image = await ReceiveAsync();
        Claim(image.Layers[0].Path, image.Layers[1].Digest);
        _engine.Images.Remove(image, null, force: false, pretend: false);
        Directory.Delete(image.Layers[0].Path!, recursive: true);
        File.Delete(_harness.Layout.Blob(Oci.Digest.Parse(image.Layers[1].Digest!)));

        Assert.Equal([IntegrityIssueKind.BlobMissing, IntegrityIssueKind.LayerMissing], (await TestAsync(full: false)).Select(issue => issue.Kind));
    }

    [Fact]
    public async Task FolderWithoutARecord_IsALeftover()
    {
        Image image = await ReceiveAsync();
        Claim(image.Layers[0].Path, null);
        string known = Directory.CreateDirectory(Path.Combine(_harness.Layout.Root, "caches", "c1")).FullName, left = Directory.CreateDirectory(Path.Combine(_harness.Layout.Root, "caches", "c2")).FullName;

        StoreItem found = Assert.Single(_engine.Store.FindGarbage());

        Assert.Equal((StoreItemKind.Leftover, left), (found.Kind, found.Path));
        Assert.Single(_engine.Store.Clear([found]));
        Assert.True(Directory.Exists(known) && !Directory.Exists(left));
        await AssertCleanAsync();
    }

    private Task<Image> ReceiveAsync() => _harness.ReceiveAsync(
        new ImageBuilder().WithLayer(layer => layer.File("a", "a")).WithLayer(layer => layer.File("b", "b")).Build().PushTo(_harness.Registry, "some/image"));

    private void Claim(string? layer, string? blob) => _database.Write(transaction =>
        transaction.Execute("INSERT INTO cache (id, layer, blob) VALUES ('c1', ?1, ?2)", Path.GetFileName(layer), blob));

    private void EndClaim() => _database.Write(transaction => transaction.Execute("DELETE FROM cache"));

    private void AssertOnly(string? layer, string? blob)
    {
        Assert.Equal([Path.GetFileName(layer)!], _harness.LayerFolders());
        Assert.Equal([blob!], _harness.Blobs().Select(hex => "sha256:" + hex));
        Assert.Empty(_engine.Store.FindGarbage());
        _harness.AssertRecordsFitFiles();
    }

    private async Task AssertCleanAsync() => Assert.Empty(await TestAsync(full: true));

    private async Task<List<IntegrityIssue>> TestAsync(bool full)
    {
        List<IntegrityIssue> issues = [];
        await foreach (IntegrityIssue issue in _engine.Store.TestAsync(full, SilentObserver.Instance, ImageHarness.Stop))
        {
            issues.Add(issue);
        }
        return issues;
    }
}
