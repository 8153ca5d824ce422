using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.IO;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>
/// Image work that needs neither root nor Linux. These tests run like all others, and once more as an ordinary user and
/// without one call of Linux's own: see <see cref="OrdinaryUserTests"/>.
/// </summary>
public sealed class PortableImageTests : IAsyncDisposable
{
    private readonly RegistryServer _registry = new();
    private readonly TempStore _store = new();
    private readonly LayerImageEngine _engine;

    public PortableImageTests() => _engine = new LayerImageEngine(_store.Options);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static bool Unpacks => HostSystem.IsLinux && Environment.IsPrivilegedProcess;

    [Fact]
    public async Task Image_IsReceivedListedTaggedAndRemoved()
    {
        BuiltImage built = Build();
        Image image = await ReceiveAsync(built.PushTo(_registry, "some/image"));

        Assert.Equal(built.Id, image.Id);
        Assert.Equal(built.Digest, image.Digest);
        Assert.All(image.Layers, layer => Assert.Equal(Unpacks, layer.Path is not null));
        Assert.Equal(built.Layers.Sum(layer => layer.Blob.LongLength), image.DownloadSize);
        Assert.Equal(image.Id, Assert.Single(_engine.Images.List()).Id);
        Assert.Equal(image.Id, _engine.Images.Get(image.Id[7..19]).Id);
        Assert.Equal(2, _engine.Images.AddTag(image, "another:1").Tags.Count);

        _engine.RemoveLeftovers();
        ImageRemoval removal = _engine.Images.Remove(_engine.Images.Get(image.Id), null, force: true, pretend: false);

        Assert.True(removal.Deleted);
        Assert.Empty(_engine.Images.List());
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_store.Options.Root, "content", "blobs"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task ReceivedAgain_NothingIsAskedForAgain()
    {
        string reference = Build().PushTo(_registry, "some/image");
        await ReceiveAsync(reference);
        _registry.ClearRequests();

        await ReceiveAsync(reference);

        Assert.DoesNotContain(_registry.Requests, request => request.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CutDownload_GoesOn()
    {
        BuiltImage built = Build();
        string reference = built.PushTo(_registry, "some/image");
        _registry.Add(RegistryFault.CutAfter(300_000).On(built.Layers[0].Digest).Once());

        Image image = await ReceiveAsync(reference);

        Assert.Equal(built.Id, image.Id);
        Assert.Contains(_registry.Requests, request => request.Header("Range") == "bytes=300000-");
    }

    [Fact]
    public async Task WrongTar_IsRefusedAlsoWhereNothingIsUnpacked()
    {
        BuiltImage built = Build();
        byte[] config = [.. built.Config];
        // The configuration promises another layer than the one that comes.
        string text = System.Text.Encoding.UTF8.GetString(config);
        int digit = text.IndexOf("sha256:", text.IndexOf("diff_ids", StringComparison.Ordinal), StringComparison.Ordinal) + 7;
        config[digit] = (byte)(config[digit] == '0' ? '1' : '0');
        BuiltImage lying = built with { Config = config, Manifest = System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(built.Manifest).Replace(built.Id, Oci.Digest.Of(config).ToString(), StringComparison.Ordinal)) };

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => ReceiveAsync(lying.PushTo(_registry, "some/image")));

        Assert.Equal(EngineError.DigestMismatch, error.Error);
        Assert.Empty(_engine.Images.List());
    }

    [Fact]
    public async Task Plan_SaysWhatWouldCome()
    {
        BuiltImage built = Build();

        PullPlan plan = await _engine.Images.PlanAsync(built.PushTo(_registry, "some/image"), new ReceiveOptions(), Stop);

        Assert.Equal(built.Layers.Sum(layer => layer.Blob.LongLength), plan.BytesToReceive);
    }

    [Fact]
    public async Task TwoEngines_ReceiveTheSameLayerOnce()
    {
        BuiltImage built = Build();
        string reference = built.PushTo(_registry, "some/image");
        LayerImageEngine other = new(_store.Options);

        await Task.WhenAll(ReceiveAsync(reference), other.Images.ReceiveAsync(reference, new ReceiveOptions(), SilentObserver.Instance, Stop));

        Assert.Single(_registry.Requests, request => request.Path.EndsWith(built.Layers[0].Digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Image_IsSentByteForByte()
    {
        BuiltImage built = Build();
        Image image = await ReceiveAsync(built.PushTo(_registry, "some/image"));
        await using RegistryServer other = new();

        SentImage sent = await _engine.Images.SendAsync(image, [$"{other.Host}/copy/image:1"], new SendOptions(), SilentObserver.Instance, Stop).SingleAsync(Stop);

        Assert.Equal(built.Digest, sent.Digest);
        Assert.All(sent.Layers, layer => Assert.Equal(SentOutcome.Pushed, layer.Outcome));
        Assert.Equal(built.Id, (await ReceiveAsync(sent.Reference)).Id);
    }

    [Theory]
    [InlineData(ImageExportFormat.DockerArchive)]
    [InlineData(ImageExportFormat.OciArchive)]
    [InlineData(ImageExportFormat.OciLayout)]
    public async Task Image_GoesOutToAnArchiveAndComesBack(ImageExportFormat format)
    {
        BuiltImage built = Build();
        Image image = await ReceiveAsync(built.PushTo(_registry, "some/image"));
        await _engine.Images.ExportAsync([new ImageToExport(image, image.Tags)], _store["archive"], new ExportOptions { Format = format }, SilentObserver.Instance, Stop);
        _engine.Images.Remove(image, null, force: true, pretend: false);

        Image back = await _engine.Images.ImportAsync(_store["archive"], new ImportOptions(), SilentObserver.Instance, Stop).SingleAsync(Stop);

        Assert.Equal(built.Id, back.Id);
        Assert.Equal(image.Tags, back.Tags);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RootFileSystem_BecomesAnImage(bool isFolder)
    {
        string source = _store["rootfs"];
        if (isFolder)
        {
            Directory.CreateDirectory(Path.Combine(source, "dir"));
            await File.WriteAllTextAsync(Path.Combine(source, "dir", "file"), "text", Stop);
        }
        else
        {
            await File.WriteAllBytesAsync(source, new LayerBuilder().File("dir/file", "text").ToTar(), Stop);
        }

        Image image = await _engine.Images.ImportAsync(source, "made:1", null, Stop);

        Assert.Equal("made:1", Assert.Single(image.Tags));
        Assert.Equal(Unpacks, Assert.Single(image.Layers).Path is not null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MirrorWithADamagedLayer_IsFollowedByTheRegistry(bool cutsOff)
    {
        await using RegistryServer mirror = new();
        BuiltImage built = Build();
        string reference = built.PushTo(_registry, "some/image");
        built.PushTo(mirror, "some/image");
        mirror.Add((cutsOff ? RegistryFault.CutAfter(1000) : RegistryFault.WrongBytes()).On(built.Layers[0].Digest));
        Directory.CreateDirectory(_store.Options.Configuration);
        await File.WriteAllTextAsync(Path.Combine(_store.Options.Configuration, "registries.json"), $$"""{ "{{_registry.Host}}": { "mirrors": ["{{mirror.Host}}"] } }""", Stop);

        Image image = await _engine.Images.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, Stop);

        Assert.Equal(built.Id, image.Id);
        Assert.Contains(mirror.Requests, request => request.Path.EndsWith(built.Layers[0].Digest, StringComparison.Ordinal));
        Assert.Contains(_registry.Requests, request => request.Path.EndsWith(built.Layers[0].Digest, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    private static BuiltImage Build()
    {
        byte[] noise = new byte[700_000];
        new Random(7).NextBytes(noise);
        return new ImageBuilder().WithLayer(layer => layer.File("noise", noise)).WithLayer(layer => layer.File("file", "text")).Build();
    }

    private Task<Image> ReceiveAsync(string reference) => _engine.Images.ReceiveAsync(reference, new ReceiveOptions(), SilentObserver.Instance, Stop);
}
