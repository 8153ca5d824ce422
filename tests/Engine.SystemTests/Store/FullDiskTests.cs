using System.Diagnostics;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>
/// The disk becomes full at any write of any change: that is told as what it is, the store stays whole, and with room again
/// the same change works.
/// </summary>
public sealed class FullDiskTests : IAsyncDisposable
{
    private readonly TempStore _store = new();
    private readonly RegistryServer _registry = new();

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    // What each needs at most, in KiB; that many or fewer are free when it begins.
    [Theory]
    [InlineData("receive", 5000)]
    [InlineData("import", 3500)]
    [InlineData("tag", 64)]
    [InlineData("remove", 64)]
    [InlineData("clear", 64)]
    [InlineData("commit", 160)]
    [InlineData("commit a copy", 1600)]
    public async Task FullAtAnyWrite_IsDiskFull_AndTheRetryWorks(string verb, int need)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        await using SmallDisk disk = await SmallDisk.MountAsync(_store["disk"], 64);
        LayerImageEngine engine = new(_store.Options with { Root = disk.Root });
        Random random = new(verb.Length);
        byte[] content = new byte[1_000_000];
        random.NextBytes(content);
        string kept = new ImageBuilder().WithCommand("sh").WithLayer(layer => layer.Directory("etc/").File("etc/kept", "kept")).Build().PushTo(_registry, "kept/image");
        string reference = new ImageBuilder().WithLayer(layer => layer.File("big", content)).WithLayer(layer => { for (int i = 0; i < 100; i++) { layer.File($"dir/{i}", content[..5000]); } }).Build().PushTo(_registry, "some/image");
        Directory.CreateDirectory(_store["tree"]);
        await File.WriteAllBytesAsync(_store["tree/file"], content, ImageHarness.Stop);
        Container container = await engine.Containers.CreateAsync(new ContainerRequest { Image = await ReceiveAsync(engine, kept), Network = NetworkMode.None }, SilentObserver.Instance, ImageHarness.Stop);

        int failures = 0;
        // The first ones with hardly anything left, the others at random.
        foreach (int free in Enumerable.Range(0, 4).Select(pages => pages * 4).Concat(Enumerable.Range(0, 10).Select(_ => random.Next(need))))
        {
            Func<Task> change = await PrepareAsync(engine, verb, reference, container);
            string before = State(engine);
            disk.Fill(free * 1024L);
            try
            {
                await change();
            }
            catch (LayerImageException e)
            {
                Assert.True(e.Error == EngineError.DiskFull, $"{free} KiB: {e}");
                failures++;
                Assert.Equal(before, State(engine));
            }
            disk.Free();

            await AssertWholeAsync(engine, disk.Root, $"{free} KiB");
            await change();
            await AssertWholeAsync(engine, disk.Root, $"{free} KiB, again");
            Assert.Contains(State(engine).Split('\n'), line => line.Contains("kept/image", StringComparison.Ordinal));
        }
        // What makes room has room set aside for its records.
        Assert.Equal(verb is "remove" or "clear", failures == 0);
        await engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
    }

    // SIGXFSZ would end the process.
    [Theory]
    [InlineData("receive")]
    [InlineData("import")]
    public async Task FileLargerThanTheSessionMayWrite_IsAnErrorThatSaysSo(string verb)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        byte[] content = new byte[3_000_000];
        Random.Shared.NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(Directory.CreateDirectory(_store["tree"]).FullName, "file"), content, ImageHarness.Stop);
        string reference = new ImageBuilder().WithLayer(layer => layer.File("big", content)).Build().PushTo(_registry, "big/image");
        string[] words = verb == "receive" ? [verb, reference] : [verb, _store["tree"], "made:1"];

        using Process child = StoreChild.Start(typeof(FullDiskTests).Assembly.Location, _store.Options, null, ["limited", "2000000", .. words]);
        string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
        await child.WaitForExitAsync(ImageHarness.Stop);

        Assert.True(child.ExitCode == 1 && error.Contains("errno 27", StringComparison.Ordinal), $"{child.ExitCode}: {error}");
        LayerImageEngine engine = new(_store.Options);
        await AssertWholeAsync(engine, _store.Options.Root, "after");
        await StoreChild.RunAsync(_store.Options, words);
        await AssertWholeAsync(engine, _store.Options.Root, "again");
    }

    // SQLite's index of the log is made anew by whoever comes first, and has 32 KiB.
    [Fact]
    public async Task FullToTheLastBlock_IsStillRead()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        await using SmallDisk disk = await SmallDisk.MountAsync(_store["disk"], 16);
        LayerImageEngine engine = new(_store.Options with { Root = disk.Root });
        string id = await ReceiveAsync(engine, new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_registry, "some/image"));
        File.Delete(Path.Combine(disk.Root, "state.db-shm"));
        disk.Fill(0);

        Assert.Equal(id, Assert.Single(new LayerImageEngine(_store.Options with { Root = disk.Root }).Images.List()).Id);
    }

    // A change that can be made again after it was made, since nobody knows whether the full disk kept it from being made.
    private async Task<Func<Task>> PrepareAsync(LayerImageEngine engine, string verb, string reference, Container container)
    {
        string made = $"made:{Guid.NewGuid():N}";
        foreach (Image image in engine.Images.List().Where(image => !image.Tags.Any(tag => tag.Contains("kept", StringComparison.Ordinal))))
        {
            engine.Images.Remove(image, null, force: true, pretend: false);
        }
        _ = engine.Store.Clear(engine.Store.FindGarbage()).Count();
        string upper = new StoreLayout(_store.Options with { Root = engine.Store.Get().Path }).Upper(container.Id);
        switch (verb)
        {
            case "receive":
                return () => ReceiveAsync(engine, reference);
            case "import":
                return () => engine.Images.ImportAsync(_store["tree"], made, null, ImageHarness.Stop);
            case "tag":
                return () => { engine.Images.AddTag(engine.Images.List().Single(), made); return Task.CompletedTask; };
            case "remove":
                await engine.Images.ImportAsync(_store["tree"], made, null, ImageHarness.Stop);
                return () => { engine.Images.Find(made).ToList().ForEach(image => engine.Images.Remove(image, null, force: true, pretend: false)); return Task.CompletedTask; };
            case "clear":
                Image lost = await engine.Images.ImportAsync(_store["tree"], made, null, ImageHarness.Stop);
                StoreDatabase.Open(Path.Combine(engine.Store.Get().Path, "state.db")).Write(transaction => transaction.Execute("DELETE FROM image WHERE id = ?1", lost.Id));
                return () => { _ = engine.Store.Clear(engine.Store.FindGarbage()).Count(); return Task.CompletedTask; };
            default:
                byte[] changed = [.. Guid.NewGuid().ToByteArray(), .. new byte[700_000].Select((_, i) => (byte)i)];
                await File.WriteAllBytesAsync(Path.Combine(upper, "changed"), changed, ImageHarness.Stop);
                CommitOptions options = new() { Reference = made, Timestamp = verb == "commit" ? null : DateTimeOffset.UnixEpoch };
                return async () =>
                {
                    Image image = await engine.Commits.CommitAsync(container.Id, options, SilentObserver.Instance, ImageHarness.Stop);
                    string layer = image.Layers.Last(layer => File.Exists(Path.Combine(layer.Path!, "changed"))).Path!;
                    Assert.Equal(changed, await File.ReadAllBytesAsync(Path.Combine(layer, "changed"), ImageHarness.Stop));
                };
        }
    }

    private static async Task<string> ReceiveAsync(LayerImageEngine engine, string reference) =>
        (await engine.Images.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, ImageHarness.Stop)).Id;

    private static string State(LayerImageEngine engine) => string.Join('\n', engine.Images.List()
        .Select(image => $"{string.Join(' ', image.Tags.Order(StringComparer.Ordinal))}: {string.Join(' ', image.Layers.Select(layer => layer.DiffId))}").Order(StringComparer.Ordinal));

    private static async Task AssertWholeAsync(LayerImageEngine engine, string root, string when)
    {
        List<IntegrityIssue> issues = await engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);
        Assert.True(issues.Count == 0, $"{when}: {string.Join('\n', issues)}");
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(root, "scratch")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(root, "ingest")));
    }
}
