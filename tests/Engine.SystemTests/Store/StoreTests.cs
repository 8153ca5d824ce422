using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A store on a bad day: written by another version, full, left by a killed process.</summary>
public sealed class StoreTests
{
    [Fact]
    public void NewerVersion_IsRefused()
    {
        using TempStore store = new();
        _ = new LayerImageEngine(store.Options);
        StoreDatabase database = StoreDatabase.Open(new StoreLayout(store.Options).Database);
        database.Write(transaction => transaction.Execute($"PRAGMA user_version = {StoreDatabase.Version + 1}"));

        LayerImageException error = Assert.Throws<LayerImageException>(() => new LayerImageEngine(store.Options));

        Assert.Equal(EngineError.StoreNotSupported, error.Error);
        Assert.Contains($"{StoreDatabase.Version + 1}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoDatabase_IsRefused()
    {
        using TempStore store = new();
        Directory.CreateDirectory(store.Options.Root);
        File.WriteAllText(Path.Combine(store.Options.Root, "state.db"), new string('x', 5000));

        LayerImageException error = Assert.Throws<LayerImageException>(() => new LayerImageEngine(store.Options));

        Assert.Equal(EngineError.StoreNotSupported, error.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BlobOfATransactionThatFails_ComesBack(bool recordedByOthers)
    {
        using TempStore store = new();
        _ = new LayerImageEngine(store.Options);
        StoreLayout layout = new(store.Options);
        StoreDatabase database = StoreDatabase.Open(layout.Database);
        ContentStore content = new(layout, database);
        Digest digest = Digest.Of("content"u8.ToArray());
        string received = layout.Partial(digest);
        File.WriteAllText(received, "content");
        if (recordedByOthers)
        {
            content.Put("content"u8.ToArray());
            database.Write(transaction => BlobTable.Record(transaction, digest, 7));
        }

        // As a disk that is full at the commit.
        Assert.Throws<IOException>(() => database.Write(transaction =>
        {
            content.Adopt(transaction, received, digest);
            throw new IOException("full");
        }));

        Assert.Equal(recordedByOthers, File.Exists(layout.Blob(digest)));
        Assert.Equal(!recordedByOthers, File.Exists(received));
    }

    [Fact]
    public async Task OpenedByManyAtOnce_IsMadeOnce()
    {
        using TempStore store = new();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new LayerImageEngine(store.Options).Images.List())));

        Assert.Empty(new LayerImageEngine(store.Options).Images.List());
    }

    [Fact]
    public async Task ScratchOfDeadProcesses_IsRemoved()
    {
        await using ImageHarness harness = new();
        string boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", ImageHarness.Stop)).Trim();
        foreach (string name in (string[])[$"{boot}.4194999.5.dead", "00000000-0000-0000-0000-000000000000.1.1.boot", "nonsense"])
        {
            Directory.CreateDirectory(Path.Combine(harness.Layout.Scratch, name, "layer"));
        }
        using ScratchFolder alive = ScratchFolder.Create(harness.Layout);

        await harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(harness.Registry, "some/image"));

        Assert.Equal([alive.Path], Directory.EnumerateFileSystemEntries(harness.Layout.Scratch));
    }

    [Fact]
    public async Task ScratchTooDeepForAPath_IsRemoved()
    {
        await using ImageHarness harness = new();
        // As a container's root can make it: each step is a short name.
        await ImageHarness.ShellAsync($"mkdir '{harness.Layout.Scratch}/dead'; cd '{harness.Layout.Scratch}/dead'; perl -e 'for (1..20000) {{ mkdir \"d\" or die; chdir \"d\" or die }}'");

        await harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(harness.Registry, "some/image"));

        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Scratch));
    }

    // Sizes in KiB, from a disk on which not even the records fit to one with room for all.
    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(192)]
    [InlineData(320)]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(3072)]
    [InlineData(4096)]
    [InlineData(4600)]
    [InlineData(7680)]
    [InlineData(20480)]
    public async Task FullDisk_IsDiskFullAndLeavesNothing(int size)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempStore store = new();
        await using RegistryServer registry = new();
        byte[] content = new byte[2_000_000];
        new Random(2).NextBytes(content);
        string reference = new ImageBuilder().WithLayer(layer => layer.File("big", content)).WithLayer(layer => { for (int i = 0; i < 200; i++) { layer.File($"dir/{i}", new byte[5000]); } }).Build().PushTo(registry, "some/image");
        await ImageHarness.ShellAsync($"mkdir -p '{store.Options.Root}' '{store["root"]}'; head -c 3000000 /dev/urandom >'{store["root/file"]}'; mount -t tmpfs -o size={size}k,mode=700 limg-test '{store.Options.Root}'");
        try
        {
            List<EngineError> errors = [];
            try
            {
                LayerImageEngine engine = new(store.Options);
                foreach (Func<Task<Image>> make in (Func<Task<Image>>[])[
                    () => engine.Images.ReceiveAsync(reference, new ReceiveOptions(), SilentObserver.Instance, ImageHarness.Stop),
                    () => engine.Images.ImportAsync(store["root"], "imported", null, ImageHarness.Stop)])
                {
                    try
                    {
                        Image image = await make();
                        engine.Images.Remove(image, null, force: true, pretend: false);
                    }
                    catch (LayerImageException e)
                    {
                        errors.Add(e.Error);
                    }
                    Assert.Empty(engine.Images.List());
                    Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(store.Options.Root, "scratch")));
                    // A layer that came in before the other failed has its record, and the next try finds it.
                    List<string> records = StoreDatabase.Open(new StoreLayout(store.Options).Database).Read(transaction => transaction.Query("SELECT key FROM layer ORDER BY key", row => row.GetString(0)));
                    Assert.Equal(records, Directory.EnumerateFileSystemEntries(Path.Combine(store.Options.Root, "layers")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
                    // A part that fills the disk would keep every later try from going further.
                    Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(store.Options.Root, "ingest")));
                }
            }
            catch (LayerImageException e)
            {
                errors.Add(e.Error);
            }

            Assert.Equal(size < 7680, errors.Count > 0);
            Assert.All(errors, error => Assert.Equal(EngineError.DiskFull, error));
        }
        finally
        {
            Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
            await ImageHarness.ShellAsync($"umount '{store.Options.Root}'");
        }
    }
}
