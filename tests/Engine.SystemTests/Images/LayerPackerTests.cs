using System.Text;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using LayerImage.Testing.Images;
using Xunit;
using LayerCompression = LayerImage.Engine.Layers.LayerCompression;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>What was made here gets its blobs once, and the same ones everywhere.</summary>
public sealed class LayerPackerTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(LayerCompression.Gzip, MediaTypes.OciLayerGzip)]
    [InlineData(LayerCompression.Zstd, MediaTypes.OciLayerZstd)]
    [InlineData(LayerCompression.None, MediaTypes.OciLayer)]
    public async Task Imported_ConsistsOfBlobsAfterwards(LayerCompression compression, string mediaType)
    {
        Image image = await ImportAsync("one", 3_000_000);
        Assert.Null(image.Digest);

        Image packed = await PackAsync(image, compression);

        ImageLayer layer = Assert.Single(packed.Layers);
        Assert.Equal(mediaType, layer.MediaType);
        Assert.Equal(layer.DownloadSize, new FileInfo(_harness.Layout.Blob(Digest.Parse(layer.Digest!))).Length);
        Assert.Equal(layer.DiffId, await DiffIdAsync(layer));
        string manifest = Encoding.UTF8.GetString(Content.Read(Digest.Parse(packed.Digest!)));
        Assert.Contains(packed.Id, manifest, StringComparison.Ordinal);
        Assert.Contains(mediaType, manifest, StringComparison.Ordinal);
        Assert.Contains(layer.Digest!, manifest, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task SecondTime_ChangesNothing()
    {
        Image packed = await PackAsync(await ImportAsync("one", 1000), LayerCompression.Gzip);

        Image again = await PackAsync(packed, LayerCompression.Zstd);

        Assert.Equal((packed.Digest, packed.Layers[0].Digest), (again.Digest, again.Layers[0].Digest));
        Assert.Equal(3, _harness.Blobs().Count);
    }

    [Fact]
    public async Task Received_StaysAsItCame()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithFormat(ImageFormat.Docker).WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image"));

        Image packed = await PackAsync(image, LayerCompression.Zstd);

        Assert.Equal(image.Digest, packed.Digest);
        Assert.Equal(3, _harness.Blobs().Count);
    }

    [Fact]
    public async Task SameLayerOfAnotherImage_IsPackedOnce()
    {
        Image one = await ImportAsync("one", 1000), two = await ImportAsync("two", 1000);
        Assert.Equal(one.Layers[0].DiffId, two.Layers[0].DiffId);

        Image[] packed = await Task.WhenAll(PackAsync(one, LayerCompression.Gzip), PackAsync(two, LayerCompression.Gzip), PackAsync(one, LayerCompression.Gzip));

        Assert.Single(packed.Select(image => image.Layers[0].Digest).Distinct());
        Assert.Equal(packed[0].Digest, packed[2].Digest);
        Assert.Equal(5, _harness.Blobs().Count); // a layer, two configurations, two manifests
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task ChangedLayer_IsRefusedAndLeavesNothing()
    {
        Image image = await ImportAsync("one", 1000);
        await File.WriteAllTextAsync(Path.Combine(image.Layers[0].Path!, "file"), "changed", ImageHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => PackAsync(image, LayerCompression.Gzip));

        Assert.Equal(EngineError.LayerCorrupt, error.Error);
        Assert.Single(_harness.Blobs());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
    }

    [Fact]
    public async Task Cancelled_LeavesNothing()
    {
        Image image = await ImportAsync("one", 20_000_000);
        using CancellationTokenSource stop = new();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Packer.PackAsync(image, LayerCompression.Gzip, new LayerProgress(new Canceller(stop), "Send"), stop.Token));

        Assert.Single(_harness.Blobs());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
        Assert.NotNull((await PackAsync(image, LayerCompression.Gzip)).Digest);
    }

    [Fact]
    public async Task PackedImage_GoesWithItsBlobs()
    {
        Image packed = await PackAsync(await ImportAsync("one", 1000), LayerCompression.Gzip);

        _harness.Engine.Images.Remove(packed, null, force: true, pretend: false);

        _harness.AssertNothingLeft();
    }

    private StoreDatabase Database => StoreDatabase.Open(_harness.Layout.Database);

    private ContentStore Content => new(_harness.Layout, Database);

    private LayerPacker Packer => new(_harness.Layout, Database, new LayerStore(_harness.Layout, Database), Content, new ImageCatalog(_harness.Layout, Database, Content));

    private Task<Image> PackAsync(Image image, LayerCompression compression) =>
        Packer.PackAsync(image, compression, new LayerProgress(SilentObserver.Instance, "Send"), ImageHarness.Stop);

    private async Task<Image> ImportAsync(string name, int size)
    {
        string folder = _harness.Store["root"];
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            byte[] bytes = new byte[size];
            new Random(1).NextBytes(bytes);
            await File.WriteAllBytesAsync(Path.Combine(folder, "file"), bytes, ImageHarness.Stop);
        }
        return await _harness.Engine.Images.ImportAsync(folder, name, name, ImageHarness.Stop);
    }

    private async Task<string> DiffIdAsync(ImageLayer layer)
    {
        using FileStream blob = Content.Open(Digest.Parse(layer.Digest!));
        using Stream tar = Decompression.Open(blob, out _);
        return "sha256:" + Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(tar, ImageHarness.Stop));
    }

    private sealed class Canceller(CancellationTokenSource stop) : IEngineObserver
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Progress(TransferProgress progress)
        {
            if (progress.BytesDone > 5_000_000)
            {
                stop.Cancel();
            }
        }
    }
}
