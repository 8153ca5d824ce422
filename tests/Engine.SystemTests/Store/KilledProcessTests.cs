using System.Diagnostics;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A process is killed at every step of every change: the store has the old state or the new one, and nothing leaks.</summary>
public sealed class KilledProcessTests
{
    private const int Killed = 128 + 9;

    public static TheoryData<string, string> Deaths => new()
    {
        { "receive", FaultPoint.Unpacking }, { "receive", FaultPoint.Received }, { "receive", FaultPoint.Unpacked }, { "receive", FaultPoint.LayerSynced },
        { "receive", FaultPoint.LayerPlaced }, { "receive", FaultPoint.LayerRecording }, { "receive", FaultPoint.LayerRecorded },
        { "receive", FaultPoint.DocumentsPut }, { "receive", FaultPoint.ImageRecording }, { "receive", FaultPoint.ImageRecorded },
        { "receive-blobs", FaultPoint.Received }, { "receive-blobs", FaultPoint.BlobPlaced }, { "receive-blobs", FaultPoint.BlobRecorded },
        { "receive-blobs", FaultPoint.DocumentsPut }, { "receive-blobs", FaultPoint.ImageRecording }, { "receive-blobs", FaultPoint.ImageRecorded },
        { "import", FaultPoint.Unpacking }, { "import", FaultPoint.Sealed }, { "import", FaultPoint.LayerPlaced }, { "import", FaultPoint.LayerRecording },
        { "import", FaultPoint.ImageRecording }, { "import", FaultPoint.LayerRecorded },
        { "tag", FaultPoint.TagSetting }, { "tag", FaultPoint.TagSet },
        { "remove", FaultPoint.RecordsRemoved }, { "remove", FaultPoint.LayerMovedOut }, { "remove", FaultPoint.BlobDeleting },
        { "commit", FaultPoint.Sealed }, { "commit", FaultPoint.LayerPlaced }, { "commit", FaultPoint.ImageRecording }, { "commit", FaultPoint.LayerRecording },
        { "commit", FaultPoint.LayerRecorded },
        { "commit-copy", FaultPoint.Sealed }, { "commit-copy", FaultPoint.LayerPlaced }, { "commit-copy", FaultPoint.ImageRecording }, { "commit-copy", FaultPoint.LayerRecording }, { "commit-copy", FaultPoint.LayerRecorded },
        { "clear", FaultPoint.LayerForgotten }, { "clear", FaultPoint.LayerMovedOut }, { "clear", FaultPoint.BlobForgotten }, { "clear", FaultPoint.BlobDeleting },
        { "clear", FaultPoint.LeftoverMovedOut },
        { "commit", FaultPoint.UpperMarked }, { "commit", FaultPoint.UpperRenewing },
        { "mount", FaultPoint.MountRecorded }, { "mount", FaultPoint.MountPrepared }, { "mount", FaultPoint.Mounted },
        { "dismount", FaultPoint.Unmounted }, { "dismount", FaultPoint.MountCleared },
        { "repair", FaultPoint.Unpacking }, { "repair", FaultPoint.LayerPlaced }, { "repair", FaultPoint.LayerRecording }, { "repair", FaultPoint.LayerRecorded },
    };

    [Fact]
    public void EveryFaultPoint_IsDiedAt() => Assert.Equal(FaultPoint.All.Order(StringComparer.Ordinal), Deaths.Select(row => row.Data.Item2).Distinct().Order(StringComparer.Ordinal));

    // A step that a change gets later is not forgotten: each change tells which points it passes.
    [Fact]
    public async Task EveryFaultPointThatAChangePasses_IsDiedAt()
    {
        List<string> forgotten = [];
        foreach (string verb in Deaths.Select(row => row.Data.Item1).Distinct())
        {
            await using ImageHarness harness = new();
            string[] words = await PrepareAsync(harness, verb);
            string trace = harness.Store["trace"];
            using Process child = StoreChild.Start(typeof(KilledProcessTests).Assembly.Location, harness.Store.Options, ">" + trace, words);
            string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
            await child.WaitForExitAsync(ImageHarness.Stop);
            Assert.True(child.ExitCode == 0, $"{verb}: {error}");
            forgotten.AddRange(File.ReadLines(trace).Distinct().Where(point => !Deaths.Any(row => row.Data == (verb, point))).Select(point => $"{verb}, {point}"));
            await DismountAllAsync(harness);
        }

        Assert.Empty(forgotten);
    }

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task KilledAnywhere_LeavesTheOldStateOrTheNewOne(string verb, string point)
    {
        await using ImageHarness harness = new();
        string[] words = await PrepareAsync(harness, verb);
        string before = State(harness);

        await DieAsync(harness.Store.Options, point, words);

        await AssertOldOrNewAsync(harness, verb, words, before, point);
    }

    /// <summary>
    /// That what a change left when it ended early is the old state or the new one, with nothing but leftovers beside it, and that
    /// the change done again ends in the new state.
    /// </summary>
    internal static async Task AssertOldOrNewAsync(ImageHarness harness, string verb, string[] words, string before, string what)
    {
        // Nobody must clean first: the store is whole as it is.
        LayerImageEngine engine = new(harness.Store.Options);
        string after = State(harness);
        // What was to be repaired is damaged as before, and not lost.
        Func<Maintenance.IntegrityIssue, bool> isOld = issue => verb == "repair" && issue.Kind == Maintenance.IntegrityIssueKind.LayerDamaged;
        Assert.All((await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full)).Where(issue => !isOld(issue)), issue => Assert.Equal(Maintenance.IntegrityIssueKind.Leftover, issue.Kind));
        engine.RemoveLeftovers();
        _ = engine.Store.Clear(engine.Store.FindGarbage()).Count();
        Assert.DoesNotContain(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full), issue => !isOld(issue));
        await AssertMountsAsync(harness, engine);
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Scratch));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Ingest));
        Assert.Equal(after, State(harness));
        harness.AssertRecordsFitFiles();

        // No lock is left, and what is done again ends in the new state.
        try
        {
            await StoreChild.RunAsync(harness.Store.Options, words);
        }
        catch (LayerImageException e) when (e.Error == EngineError.ImageNotFound && words[0] == "remove")
        {
            // It was removed before the death.
        }
        catch (InvalidOperationException) when (words[0] == "dismount")
        {
            // It was dismounted by then.
        }
        await DismountAllAsync(harness);
        string done = State(harness);
        Assert.True(after == before || after == done, $"{what}\nbefore:\n{before}\nafter:\n{after}\ndone:\n{done}");
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
        foreach (Container container in await engine.Containers.ListAsync(ImageHarness.Stop))
        {
            Assert.Equal(["/changed"], (await engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop)).Select(change => change.Path).Where(path => path != "/"));
        }
    }

    // A union is whole or none is there; what was made for one that is not there is gone, at the user's paths too.
    private static async Task AssertMountsAsync(ImageHarness harness, LayerImageEngine engine)
    {
        foreach (UnionMount mount in engine.Mounts.List())
        {
            Assert.Equal("2", await File.ReadAllTextAsync(mount.Merged + "/etc/two", ImageHarness.Stop));
        }
        await DismountAllAsync(harness);
        Assert.False(Path.Exists(harness.Store["at"]));
        Assert.False(Path.Exists(harness.Store["upper.work"]));
        Assert.False(Directory.Exists(harness.Layout.Mounts) && Directory.EnumerateFileSystemEntries(harness.Layout.Mounts).Any());
    }

    internal static async Task DismountAllAsync(ImageHarness harness)
    {
        foreach (UnionMount mount in harness.Engine.Mounts.List())
        {
            await harness.Engine.Mounts.DismountAsync(mount, new DismountOptions { Discard = true }, SilentObserver.Instance, ImageHarness.Stop);
        }
    }

    internal static async Task<string[]> PrepareAsync(ImageHarness harness, string verb)
    {
        BuiltImage image = new ImageBuilder().WithLayer(layer => layer.Directory("etc/").File("etc/one", new string('1', 100_000))).WithLayer(layer => layer.File("etc/two", "2")).Build();
        string reference = image.PushTo(harness.Registry, "some/image");
        Directory.CreateDirectory(harness.Store["tree/etc"]);
        await File.WriteAllTextAsync(harness.Store["tree/etc/file"], "content", ImageHarness.Stop);
        await ImageHarness.ShellAsync($"tar -C '{harness.Store["tree"]}' -cf '{harness.Store["tree.tar"]}' .");
        string other = new ImageBuilder().WithLayer(layer => layer.File("other", "other")).Build().PushTo(harness.Registry, "other/image");
        await harness.ReceiveAsync(other);
        switch (verb)
        {
            case "receive":
                return ["receive", reference];
            case "receive-blobs":
                // Layers that are unpacked here already, and whose blobs are wanted.
                Image known = await harness.ReceiveAsync(reference);
                StoreDatabase.Open(harness.Layout.Database).Write(transaction =>
                {
                    transaction.Execute("DELETE FROM image WHERE id = ?1", known.Id);
                    transaction.Execute("DELETE FROM blob WHERE digest IN (SELECT value FROM json_each(?1))", $"[\"{known.Layers[0].Digest}\",\"{known.Layers[1].Digest}\"]");
                });
                return ["receive", reference];
            case "import":
                return ["import", harness.Store["tree.tar"], "made:here"];
            case "clear":
                Image lost = await harness.ReceiveAsync(reference);
                StoreDatabase.Open(harness.Layout.Database).Write(transaction => transaction.Execute("DELETE FROM image WHERE id = ?1", lost.Id));
                Directory.CreateDirectory(Path.Combine(harness.Layout.Layers, "left"));
                return ["clear"];
            case "commit" or "commit-copy":
                string? missing = Requires.All(Requires.Tool("crun"), Requires.Tool("conmon"));
                Assert.SkipWhen(missing is not null, missing ?? "");
                Container container = await harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = reference, Network = NetworkMode.None, Command = ["sh"] }, SilentObserver.Instance, ImageHarness.Stop);
                await File.WriteAllTextAsync(Path.Combine(harness.Layout.Upper(container.Id), "changed"), "changed", ImageHarness.Stop);
                return [verb, container.Id, "made:here"];
            case "mount":
                await harness.ReceiveAsync(reference);
                return ["mount", reference, harness.Store["at"], harness.Store["upper"]];
            case "dismount":
                await harness.ReceiveAsync(reference);
                await StoreChild.RunAsync(harness.Store.Options, "mount", reference, harness.Store["at"], harness.Store["upper"]);
                return ["dismount", harness.Store["at"]];
            case "repair":
                Image damaged = await harness.ReceiveAsync(reference);
                await File.AppendAllTextAsync(Path.Combine(damaged.Layers[1].Path!, "etc/two"), "more", ImageHarness.Stop);
                return ["repair"];
            default:
                await harness.ReceiveAsync(reference);
                return verb == "tag" ? ["tag", reference, "new:tag"] : ["remove", reference];
        }
    }

    internal static async Task DieAsync(EngineOptions options, string point, string[] words)
    {
        using Process child = StoreChild.Start(typeof(KilledProcessTests).Assembly.Location, options, point, words);
        string error = await child.StandardError.ReadToEndAsync(ImageHarness.Stop);
        await child.WaitForExitAsync(ImageHarness.Stop);
        Assert.True(child.ExitCode == Killed, $"{child.ExitCode}: {error}");
    }

    // What users see: images by name, with their layers. An import's id has the time in it, and a second one takes the name from the first.
    internal static string State(ImageHarness harness) => string.Join('\n', new LayerImageEngine(harness.Store.Options).Images.List().Where(image => image.Tags.Count > 0)
        .Select(image => $"{string.Join(' ', image.Tags.Order(StringComparer.Ordinal))}: {string.Join(' ', image.Layers.Select(layer => layer.DiffId))}").Order(StringComparer.Ordinal));
}
