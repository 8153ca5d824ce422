using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>Layers that came where they could not be unpacked are unpacked when a container needs them.</summary>
public sealed class DeferredUnpackingTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task PackedImage_IsUnpackedForAContainer()
    {
        // The second layer leaves out its parent directory, and so stands on the first.
        Image image = await ReceiveAsync(new ImageBuilder()
            .WithLayer(layer => layer.Directory("dir", new() { Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute }).File("dir/one", "1"))
            .WithLayer(layer => layer.File("dir/two", "2")));
        string[] before = [.. image.Layers.Select(layer => Listing(layer.Path!))];
        Pack(image);
        Assert.All(_harness.Engine.Images.Get(image.Id).Layers, layer => Assert.Null(layer.Path));

        Image unpacked = await ForContainerAsync(image.Id);

        Assert.Equal(before, unpacked.Layers.Select(layer => Listing(layer.Path!)));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task PackedImage_IsUnpackedForAMount()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.Directory("dir").File("dir/one", "1")).WithLayer(layer => layer.File("dir/two", "2")));
        Pack(image);

        UnionMount mount = await _harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = image.Tags[0] }, SilentObserver.Instance, ImageHarness.Stop);

        Assert.Equal("12", File.ReadAllText(mount.Merged + "/dir/one") + File.ReadAllText(mount.Merged + "/dir/two"));
        await _harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, ImageHarness.Stop);
        _harness.AssertRecordsFitFiles();
    }

    // The layers that the one finds unpacked go with the other, perhaps in this very moment.
    [Fact]
    public async Task LayersThatGoMeanwhile_AreMadeAgain()
    {
        Action<LayerBuilder>[] layers = [layer => layer.File("one", "1"), layer => layer.File("two", "2"), layer => layer.File("three", "3")];
        ImageBuilder one = new ImageBuilder().WithLabel("a", "1"), two = new ImageBuilder().WithLabel("a", "2");
        foreach (Action<LayerBuilder> layer in layers)
        {
            one.WithLayer(layer);
            two.WithLayer(layer);
        }
        string kept = one.Build().PushTo(_harness.Registry, "kept/image"), going = two.Build().PushTo(_harness.Registry, "going/image");
        Image image = await _harness.ReceiveAsync(kept);
        for (int round = 0; round < 30; round++)
        {
            StoreDatabase.Open(_harness.Layout.Database).Write(transaction => transaction.Execute("UPDATE image_layer SET layer = NULL WHERE image = ?1", image.Id));
            Image other = await _harness.ReceiveAsync(going);

            Task<Image> unpacking = Task.Run(() => ForContainerAsync(image.Id));
            Task removing = Task.Run(() => _harness.Engine.Images.Remove(other, null, force: true, pretend: false));
            await Task.WhenAll(unpacking, removing);

            Assert.All((await unpacking).Layers, layer => Assert.True(Directory.Exists(layer.Path)));
            _harness.AssertRecordsFitFiles();
        }
    }

    [Fact]
    public async Task ImageThatGoesMeanwhile_IsNotFound()
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("file", "x")).Build().PushTo(_harness.Registry, "going/image");
        for (int round = 0; round < 50; round++)
        {
            Image image = await _harness.ReceiveAsync(reference);

            Task<Image> making = Task.Run(() => ForContainerAsync(image.Id));
            _harness.Engine.Images.Remove(image, null, force: true, pretend: false);

            if (await Record.ExceptionAsync(() => making) is Exception error)
            {
                Assert.Equal(EngineError.ImageNotFound, Assert.IsType<LayerImageException>(error, exactMatch: false).Error);
            }
        }
    }

    [Fact]
    public async Task DamagedBlob_IsToldAndReceivedAgainFromItsRegistry()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("file", new byte[100_000])));
        Pack(image);
        string blob = _harness.Layout.Blob(Oci.Digest.Parse(image.Layers[0].Digest!));
        byte[] bytes = await File.ReadAllBytesAsync(blob, ImageHarness.Stop);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, ImageHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => ForContainerAsync(image.Id));
        Assert.Equal(EngineError.LayerCorrupt, error.Error);
        Image again = await _harness.ReceiveAsync(image.Tags[0]);

        Assert.NotNull(again.Layers[0].Path);
        _harness.AssertRecordsFitFiles();
        Assert.Empty(_harness.Partials());
    }

    [Fact]
    public async Task MissingBlob_IsCorrupt()
    {
        Image image = await ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("file", "x")));
        Pack(image);
        File.Delete(_harness.Layout.Blob(Oci.Digest.Parse(image.Layers[0].Digest!)));

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => ForContainerAsync(image.Id));

        Assert.Equal(EngineError.LayerCorrupt, error.Error);
        Assert.Contains("Receive", error.Advice, StringComparison.Ordinal);
    }

    private Task<Image> ReceiveAsync(ImageBuilder image) => _harness.ReceiveAsync(image.Build().PushTo(_harness.Registry, "some/image"));

    private Task<Image> ForContainerAsync(string image) => _harness.Engine.Images.GetForContainerAsync(image, PullPolicy.Never, SilentObserver.Instance, ImageHarness.Stop);

    // The state that a process without root leaves: records and blobs, and nothing unpacked.
    private void Pack(Image image)
    {
        StoreDatabase.Open(_harness.Layout.Database).Write(transaction =>
        {
            transaction.Execute("UPDATE image_layer SET layer = NULL WHERE image = ?1", image.Id);
            transaction.Execute("DELETE FROM layer");
        });
        foreach (ImageLayer layer in image.Layers)
        {
            TreeRemoval.Remove(layer.Path!);
        }
    }

    private static UnixFileMode Mode(string path) => OperatingSystem.IsLinux() ? File.GetUnixFileMode(path) : UnixFileMode.None;

    private static string Listing(string folder) => string.Join('\n', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
        .Select(path => $"{Path.GetRelativePath(folder, path)} {Mode(path)} {(File.Exists(path) ? File.ReadAllText(path) : "")}").Order(StringComparer.Ordinal));
}
