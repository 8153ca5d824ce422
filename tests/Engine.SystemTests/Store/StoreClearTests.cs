using System.Globalization;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.IO;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>What nobody needs is counted exactly and goes; what somebody needs stays.</summary>
public sealed class StoreClearTests
{
    [Fact]
    public async Task Garbage_IsCountedExactlyAndGoes()
    {
        await using ImageHarness harness = new();
        Image kept = await harness.ReceiveAsync(Image(1).PushTo(harness.Registry, "some/kept"));
        Image image = await harness.ReceiveAsync(Image(2).PushTo(harness.Registry, "some/lost"));
        long before = await DiskAsync(harness);
        // As a process leaves it that is killed after the layers and before the image.
        StoreDatabase.Open(harness.Layout.Database).Write(transaction => transaction.Execute("DELETE FROM image WHERE id = ?1", image.Id));
        string ingest = harness.Layout.Ingest;
        await ImageHarness.ShellAsync($"cd '{harness.Layout.Root}'; mkdir -p layers/abc scratch/dead/layer; head -c 70000 /dev/urandom | tee layers/abc/x >scratch/dead/layer/x; ln layers/abc/x layers/abc/y; head -c 9000 /dev/urandom >ingest/{new string('b', 64)}; echo https://x >ingest/{new string('b', 64)}.0123456789abcdef.upload");
        long after = await DiskAsync(harness);

        LayerStoreInfo info = harness.Engine.Store.Get();
        IReadOnlyList<StoreItem> found = harness.Engine.Store.FindGarbage();
        List<StoreItem> freed = harness.Engine.Store.Clear(found).ToList();

        Assert.Equal(found, freed);
        Assert.Equal(info.ReclaimableBytes, freed.Sum(item => item.Bytes));
        Assert.Equal([StoreItemKind.Layer, StoreItemKind.Blob, StoreItemKind.PartialDownload, StoreItemKind.UploadRecord, StoreItemKind.Leftover], freed.Select(item => item.Kind).Distinct().Order());
        Assert.Equal(after - freed.Sum(item => item.Bytes), await DiskAsync(harness));
        Assert.True(before > await DiskAsync(harness));
        Assert.Equal(0, harness.Engine.Store.Get().ReclaimableBytes);
        Assert.Empty(Directory.EnumerateFileSystemEntries(ingest));
        Assert.Equal([kept.Id], harness.Engine.Images.List().Select(left => left.Id));
        Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Full));
    }

    [Theory]
    [InlineData("container")]
    [InlineData("mount")]
    public async Task LastUserOfALayer_LeavesNothingThatLooksLostWhileItGoes(string user)
    {
        await using ImageHarness harness = new();
        LayerImageEngine engine = harness.Engine;
        Image image = await harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a", "a")).Build().PushTo(harness.Registry, "some/image"));
        Func<Task> remove;
        Func<bool> isForgotten;
        if (user == "container")
        {
            Container container = await engine.Containers.CreateAsync(new ContainerRequest { Image = image.Id, Network = NetworkMode.None, Command = ["x"] }, SilentObserver.Instance, ImageHarness.Stop);
            remove = () => engine.Containers.RemoveAsync(container.Id, force: false, SilentObserver.Instance, ImageHarness.Stop);
            isForgotten = () => !Directory.Exists(harness.Layout.Container(container.Id));
        }
        else
        {
            UnionMount mount = await engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Tags[0], Path = harness.Store["at"] }, SilentObserver.Instance, ImageHarness.Stop);
            remove = () => engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
            StoreDatabase records = StoreDatabase.Open(harness.Layout.Database);
            isForgotten = () => records.Read(transaction => transaction.Scalar<long>("SELECT count(*) FROM layer")) == 0;
        }
        engine.Images.Remove(image, null, force: true, pretend: false);
        string layer = Assert.Single(Directory.GetDirectories(harness.Layout.Layers));
        Task removing;
        using (FileLock reader = FileLock.TryAcquire(harness.Layout.Lock("layer-" + Path.GetFileName(layer)))!)
        {
            removing = Task.Run(remove);
            while (!isForgotten())
            {
                await Task.Delay(10, ImageHarness.Stop);
            }

            Assert.Empty(await StoreCheckTests.TestAsync(harness, StoreCheckTests.Check.Quick));
            Assert.Empty(engine.Store.FindGarbage());
            Assert.True(Directory.Exists(layer));
        }
        await removing;
        Assert.False(Directory.Exists(layer));
    }

    [Fact]
    public async Task Get_CountsWhatDuCounts()
    {
        await using ImageHarness harness = new();
        await harness.ReceiveAsync(Image(1).PushTo(harness.Registry, "some/image"));

        LayerStoreInfo info = harness.Engine.Store.Get();

        Assert.Equal((1, 2, 0, 4), (info.Images, info.Layers, info.Containers, info.Blobs));
        Assert.Equal((harness.Layout.Root, StoreDatabase.Version), (info.Path, info.Version));
        Assert.Equal(await DuAsync(harness.Layout.Layers), info.LayerBytes);
        Assert.Equal(await DuAsync(harness.Layout.Content), info.BlobBytes);
        Assert.Equal(0, info.ReclaimableBytes + info.LeftoverBytes);
    }

    [Fact]
    public async Task MountedLayers_AreNeededUntilTheirUnionIsGone()
    {
        await using ImageHarness harness = new();
        Image image = await harness.ReceiveAsync(Image(1).PushTo(harness.Registry, "some/image"));
        UnionMount mount = await harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Tags[0], Path = harness.Store["at"], Writable = true }, SilentObserver.Instance, ImageHarness.Stop);
        await File.WriteAllBytesAsync(mount.Merged + "/new", new byte[100_000], ImageHarness.Stop);
        harness.Engine.Images.Remove(image, null, force: true, pretend: false);

        LayerStoreInfo info = harness.Engine.Store.Get();

        Assert.Equal(0, info.ReclaimableBytes);
        Assert.True(info.MountBytes > 100_000);
        Assert.Empty(harness.Engine.Store.FindGarbage());
        // As a session leaves it whose mount namespace ended with it.
        await ImageHarness.ShellAsync($"umount '{mount.Merged}'");
        IReadOnlyList<StoreItem> garbage = harness.Engine.Store.FindGarbage();
        Assert.Equal(harness.LayerFolders().Order(), garbage.Select(item => Path.GetFileName(item.Path)).Order());
        Assert.Equal(2, garbage.Count);
        Assert.Equal(2, harness.Engine.Store.Clear(garbage).Count());
        Assert.Empty(harness.LayerFolders());
        Assert.True(File.Exists(mount.UpperDir + "/new"));
    }

    // The second layer is held back by the registry while the first is in and recorded, and no image has it.
    [Fact]
    public async Task Clear_TakesNothingOfAPullAtWork()
    {
        await using ImageHarness harness = new();
        BuiltImage image = Image(1);
        string reference = image.PushTo(harness.Registry, "some/image");
        TaskCompletionSource reached = new();
        using ManualResetEventSlim goOn = new();
        string slow = image.Layers[1].Digest;
        GatedObserver observer = new(Digest.Parse(image.Layers[0].Digest).Short, reached);
        harness.Registry.Add(RegistryFault.Body(body =>
        {
            goOn.Wait();
            return body;
        }).On("/blobs/" + slow));
        Task<Image> pull = harness.Engine.Images.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0 }, observer, ImageHarness.Stop);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), ImageHarness.Stop);
        StoreDatabase database = StoreDatabase.Open(harness.Layout.Database);
        while (database.Read(transaction => transaction.Scalar<long>("SELECT count(*) FROM layer")) == 0)
        {
            await Task.Delay(10, ImageHarness.Stop);
        }

        IReadOnlyList<StoreItem> found = harness.Engine.Store.FindGarbage();
        goOn.Set();
        Image received = await pull;

        Assert.Empty(found);
        Assert.Equal(1, harness.Requests("/blobs/" + image.Layers[0].Digest));
        Assert.Equal(received.Id, Assert.Single(harness.Engine.Images.List()).Id);
    }

    private sealed class GatedObserver(string part, TaskCompletionSource done) : IEngineObserver
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Progress(TransferProgress progress)
        {
            if (progress.Part == part && progress.Phase == "Done")
            {
                done.TrySetResult();
            }
        }
    }

    private static BuiltImage Image(int seed)
    {
        byte[] content = new byte[300_000];
        new Random(seed).NextBytes(content);
        return new ImageBuilder().WithLayer(layer => layer.Directory("bin/").File("bin/big", content).HardLink("bin/again", "bin/big")).WithLayer(layer => layer.File("small", $"{seed}")).Build();
    }

    private static async Task<long> DiskAsync(ImageHarness harness) =>
        await DuAsync(harness.Layout.Layers) + await DuAsync(harness.Layout.Content) + await DuAsync(harness.Layout.Ingest) + await DuAsync(harness.Layout.Scratch) + await DuAsync(harness.Layout.Containers);

    private static async Task<long> DuAsync(string path) => long.Parse(await ImageHarness.ShellAsync($"du -s -B1 '{path}' | cut -f1"), CultureInfo.InvariantCulture);
}
