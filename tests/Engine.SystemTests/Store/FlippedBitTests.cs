using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using Microsoft.Data.Sqlite;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>One bit of a file of the store is another: the check says so, or nothing hangs on it. Some bytes in each run, with <c>build.ps1 Test -Long</c> all.</summary>
public sealed class FlippedBitTests
{
    [Fact]
    public async Task BitOfALayerOrBlob_IsFound()
    {
        await using ImageHarness harness = await WithImageAsync();
        string[] files = [.. new[] { "content/blobs", "layers" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(harness.Store.Options.Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => new FileInfo(file) is { Length: > 0, LinkTarget: null }).Order(StringComparer.Ordinal)];
        Assert.Contains(files, file => file.Contains("/blobs/", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith("etc/one", StringComparison.Ordinal));

        foreach (string file in files)
        {
            foreach (long at in Places(file, 3))
            {
                Flip(file, at);
                List<IntegrityIssue> issues = await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full);
                Assert.True(issues.Count > 0, $"Byte {at} of {file[harness.Store.Options.Root.Length..]}: nothing was found.");
                Flip(file, at);
            }
        }
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
    }

    // What a record says may be another word; what is told is then the engine's error, and files are as they were.
    [Fact]
    public async Task BitOfTheRecords_EndsInAnErrorOrInNothing()
    {
        await using ImageHarness harness = await WithImageAsync();
        string file = harness.Layout.Database;
        await using (SqliteConnection connection = new($"Data Source={file};Pooling=False"))
        {
            await connection.OpenAsync(ImageHarness.Stop);
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            await command.ExecuteNonQueryAsync(ImageHarness.Stop);
        }
        byte[] whole = await File.ReadAllBytesAsync(file, ImageHarness.Stop);
        IReadOnlyList<string> layers = harness.LayerFolders(), blobs = harness.Blobs();

        foreach (long at in Places(file, 150))
        {
            Flip(file, at);
            try
            {
                await LookAsync(harness);
            }
            catch (LayerImageException e)
            {
                Assert.True(e.Message.Length > 0, $"byte {at}");
            }
            catch (Exception e)
            {
                Assert.Fail($"Byte {at}: {e}");
            }
            Assert.Equal(layers, harness.LayerFolders());
            Assert.Equal(blobs, harness.Blobs());
            SqliteConnection.ClearAllPools();
            foreach (string log in (string[])[file + "-wal", file + "-shm"])
            {
                File.Delete(log);
            }
            await File.WriteAllBytesAsync(file, whole, ImageHarness.Stop);
        }
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
    }

    private static async Task LookAsync(ImageHarness harness)
    {
        LayerImageEngine engine = new(harness.Store.Options);
        foreach (Image image in engine.Images.List())
        {
            _ = engine.Images.Get(image.Id);
            UnionMount mount = await engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Id }, SilentObserver.Instance, ImageHarness.Stop);
            await engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
        }
        _ = await engine.Containers.ListAsync(ImageHarness.Stop);
        _ = engine.Store.Get();
        await foreach (IntegrityIssue issue in engine.Store.TestAsync(full: true, SilentObserver.Instance, ImageHarness.Stop))
        {
            Assert.NotEmpty(issue.ToString());
        }
    }

    private static async Task<ImageHarness> WithImageAsync()
    {
        ImageHarness harness = new();
        string reference = new ImageBuilder().WithLayer(layer => layer.Directory("etc/").File("etc/one", new string('1', 300)).SymbolicLink("link", "etc/one"))
            .WithLayer(layer => layer.File("etc/two", "2").Whiteout("link"), LayerCompression.None).Build().PushTo(harness.Registry, "some/image");
        Image image = await harness.ReceiveAsync(reference);
        harness.Engine.Images.AddTag(image, "other:tag");
        return harness;
    }

    private static long[] Places(string file, int count)
    {
        int length = (int)new FileInfo(file).Length;
        return TestRun.IsLong ? [.. Enumerable.Range(0, length).Select(at => (long)at)] : [.. Enumerable.Range(0, count).Select(_ => (long)Random.Next(length))];
    }

    private static Random Random { get; } = TestRun.Random;

    private static void Flip(string path, long at)
    {
        // As a disk does it, which changes no time.
        DateTime time = File.GetLastWriteTimeUtc(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = at;
            int value = file.ReadByte();
            file.Position = at;
            file.WriteByte((byte)(value ^ (1 << (int)(at % 8))));
        }
        File.SetLastWriteTimeUtc(path, time);
    }
}
