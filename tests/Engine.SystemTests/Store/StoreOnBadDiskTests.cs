using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A file system that loses its power, is mounted read-only, is full; a clock that jumps.</summary>
public sealed class StoreOnBadDiskTests
{
    // What was not synced before the cut is gone, the names too: FS_IOC_SHUTDOWN with NOLOGFLUSH (linux/fs.h, xfs_fs.h).
    private const string CutPower = "perl -e 'open my $d, \"<\", $ARGV[0] or die $!; my $how = pack(\"L\", 2); ioctl($d, 0x8004587d, $how) or die $!'";

    [Theory]
    [InlineData("ext4", FaultPoint.LayerSynced, false)]
    [InlineData("ext4", FaultPoint.LayerPlaced, false)]
    [InlineData("ext4", FaultPoint.LayerRecorded, false)]
    [InlineData("ext4", FaultPoint.DocumentsPut, false)]
    [InlineData("ext4", FaultPoint.ImageRecorded, true)]
    [InlineData("xfs", FaultPoint.LayerPlaced, false)]
    [InlineData("xfs", FaultPoint.LayerRecorded, false)]
    [InlineData("xfs", FaultPoint.ImageRecorded, true)]
    public async Task PowerCut_LosesNothingThatWasDone(string kind, string point, bool isDone)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempStore store = new();
        await using RegistryServer registry = new();
        await using LoopDisk disk = await LoopDisk.MountAsync(kind, store["disk"], store.Options.Root);
        string first = Build(1).PushTo(registry, "some/first"), second = Build(2).PushTo(registry, "some/second");
        await StoreChild.RunAsync(store.Options, "receive", first);

        await KilledProcessTests.DieAsync(store.Options, point, ["receive", second]);
        await CutPowerAsync(store, disk);

        LayerImageEngine engine = new(store.Options);
        Assert.Equal(isDone ? 2 : 1, engine.Images.List().Count);
        await AssertOnlyLeftoversAsync(engine, point);
        await StoreChild.RunAsync(store.Options, "receive", second);
        Assert.Equal(2, engine.Images.List().Count);
        Assert.Empty(await TestAsync(engine));
    }

    internal static async Task CutPowerAsync(TempStore store, LoopDisk disk)
    {
        await ImageHarness.ShellAsync($"{CutPower} '{store.Options.Root}'");
        await disk.RemountAsync("rw");
    }

    /// <summary>That the store is whole but for what can be cleared, and whole after that.</summary>
    internal static async Task AssertOnlyLeftoversAsync(LayerImageEngine engine, string what)
    {
        Assert.True((await TestAsync(engine)).All(issue => issue.Kind == IntegrityIssueKind.Leftover), what);
        engine.RemoveLeftovers();
        _ = engine.Store.Clear(engine.Store.FindGarbage()).Count();
        Assert.Empty(await TestAsync(engine));
    }

    // With the log's files, as a store is left; and without, as SQLite's own tools may leave it.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadOnlyStore_IsReadAndRefusesChanges(bool isAtRest)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempStore store = new();
        await using RegistryServer registry = new();
        await using LoopDisk disk = await LoopDisk.MountAsync("ext4", store["disk"], store.Options.Root);
        string reference = Build(1).PushTo(registry, "some/image"), other = Build(2).PushTo(registry, "other/image");
        await StoreChild.RunAsync(store.Options, "receive", reference);
        string container = (await new LayerImageEngine(store.Options).Containers.CreateAsync(s_request with { Image = reference }, SilentObserver.Instance, ImageHarness.Stop)).Id;
        if (isAtRest)
        {
            await using Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={store.Options.Root}/state.db;Pooling=False");
            await connection.OpenAsync(ImageHarness.Stop);
            await using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await command.ExecuteNonQueryAsync(ImageHarness.Stop);
            await connection.CloseAsync();
            File.Delete(store.Options.Root + "/state.db-wal");
            File.Delete(store.Options.Root + "/state.db-shm");
        }
        await disk.RemountAsync("ro");

        LayerImageEngine engine = new(store.Options);
        engine.RemoveLeftovers();
        Image image = Assert.Single(engine.Images.List());
        Assert.Equal(0, engine.Store.Get().ReclaimableBytes);
        Assert.Empty(await TestAsync(engine));
        Directory.CreateDirectory(store["tree"]);
        foreach (Func<Task> change in (Func<Task>[])[
            () => StoreChild.RunAsync(store.Options, "receive", other),
            () => StoreChild.RunAsync(store.Options, "import", store["tree"], "made:here"),
            () => StoreChild.RunAsync(store.Options, "tag", reference, "new:tag"),
            () => StoreChild.RunAsync(store.Options, "remove", reference),
            () => engine.Containers.CreateAsync(s_request with { Image = reference }, SilentObserver.Instance, ImageHarness.Stop),
            () => engine.Commits.CommitAsync(container, new CommitOptions { Reference = "made:here" }, SilentObserver.Instance, ImageHarness.Stop),
            () => engine.Containers.RemoveAsync(container, force: true, SilentObserver.Instance, ImageHarness.Stop),
            () => engine.Mounts.MountAsync(new UnionMountRequest { Reference = reference, Writable = true }, SilentObserver.Instance, ImageHarness.Stop)])
        {
            LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(change);
            Assert.Equal(EngineError.NotPrivileged, error.Error);
            Assert.Contains("read-only", error.Advice, StringComparison.Ordinal);
        }
        Assert.Equal(image.Tags, Assert.Single(engine.Images.List()).Tags);
    }

    [Fact]
    public async Task FullDisk_CanBeCleared()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempStore store = new();
        await using RegistryServer registry = new();
        await ImageHarness.ShellAsync($"mkdir -p '{store.Options.Root}'; mount -t tmpfs -o size=4m,mode=700 limg-test '{store.Options.Root}'");
        try
        {
            await StoreChild.RunAsync(store.Options, "receive", Build(1).PushTo(registry, "some/image"));
            await ImageHarness.ShellAsync($"cd '{store.Options.Root}'; mkdir scratch/dead layers/left; head -c 500000 /dev/urandom >scratch/dead/x; head -c 500000 /dev/urandom >layers/left/x; head -c 9999999 /dev/urandom >ingest/{new string('c', 64)} 2>/dev/null || true");
            LayerImageEngine engine = new(store.Options);
            LayerStoreInfo full = engine.Store.Get();

            List<StoreItem> freed = engine.Store.Clear(engine.Store.FindGarbage()).ToList();

            Assert.Equal(full.ReclaimableBytes, freed.Sum(item => item.Bytes));
            Assert.Equal(3, freed.Count);
            Assert.Single(engine.Images.List());
            Assert.Empty(await TestAsync(engine));
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount '{store.Options.Root}'");
        }
    }

    [Fact]
    public async Task ClockThatJumps_HurtsNothing()
    {
        JumpingClock clock = new();
        await using ImageHarness harness = new(clock);
        string reference = Build(1).PushTo(harness.Registry, "some/image");
        Container? container = null;
        foreach (DateTimeOffset now in (DateTimeOffset[])[new(2038, 1, 20, 0, 0, 0, TimeSpan.Zero), new(1970, 1, 1, 0, 0, 1, TimeSpan.Zero), new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new(2500, 1, 1, 0, 0, 0, TimeSpan.Zero)])
        {
            clock.Now = now;
            Image image = await harness.ReceiveAsync(reference);
            container ??= await harness.Engine.Containers.CreateAsync(s_request with { Image = reference }, SilentObserver.Instance, ImageHarness.Stop);
            await File.WriteAllTextAsync(Path.Combine(harness.Layout.Upper(container.Id), "changed"), $"{now}", ImageHarness.Stop);
            Image committed = await harness.Engine.Commits.CommitAsync(container.Id, new CommitOptions { Reference = "committed:here" }, SilentObserver.Instance, ImageHarness.Stop);
            harness.Engine.Images.AddTag(image, "new:tag");
            Directory.CreateDirectory(harness.Store["tree"]);
            await harness.Engine.Images.ImportAsync(harness.Store["tree"], "made:here", null, ImageHarness.Stop);
            Assert.Empty(harness.Engine.Store.FindGarbage());
            Assert.Empty(await TestAsync(harness.Engine));
            Assert.Equal(image.Id, harness.Engine.Images.Get("new:tag").Id);
            Assert.Equal(committed.Id, harness.Engine.Images.Get("committed:here").Id);
            Assert.Equal(now, committed.CreatedAt);
        }
    }

    private static readonly ContainerRequest s_request = new() { Image = "", Network = NetworkMode.None, Command = ["sh"] };

    internal static BuiltImage Build(int seed) => new ImageBuilder()
        .WithLayer(layer => layer.Directory("etc/").File("etc/one", new string((char)('a' + seed), 100_000))).WithLayer(layer => layer.File("etc/two", $"{seed}")).Build();

    private static async Task<List<IntegrityIssue>> TestAsync(LayerImageEngine engine) =>
        await engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);

    private sealed class JumpingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
