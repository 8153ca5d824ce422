using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;
using LayerCompression = LayerImage.Engine.Layers.LayerCompression;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>What is sent is what was received, and nothing is sent that is there.</summary>
public sealed class SendTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(ImageFormat.Oci)]
    [InlineData(ImageFormat.Docker)]
    public async Task Received_GoesOutByteForByte(ImageFormat format)
    {
        BuiltImage built = Build(format);
        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "from/here"));
        await using RegistryServer other = new();

        SentImage sent = Assert.Single(await SendAsync(image, $"{other.Host}/to/there:v1"));

        Assert.Equal((built.Digest, built.MediaType, $"{other.Host}/to/there:v1"), (sent.Digest, sent.MediaType, sent.Reference));
        Assert.Equal((built.MediaType, built.Manifest), other.FindManifest("to/there", "v1"));
        Assert.All(built.Layers, layer => Assert.Equal(layer.Blob, other.FindBlob("to/there", layer.Digest)));
        Assert.All(sent.Layers, layer => Assert.Equal((SentOutcome.Pushed, layer.Size), (layer.Outcome, layer.BytesSent)));
        Assert.Contains($"{other.Host}/to/there@{built.Digest}", _harness.Engine.Images.Get(image.Id).RepoDigests);
        Assert.Empty(_harness.Partials());
        // The manifest comes last: a registry never shows an image that is not whole.
        Assert.StartsWith("PUT /v2/to/there/manifests/", other.Requests[^1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondTime_SendsNoBlob()
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        await using RegistryServer other = new();
        await SendAsync(image, $"{other.Host}/a:1");
        other.ClearRequests();

        SentImage sent = Assert.Single(await SendAsync(image, $"{other.Host}/a:1"));

        Assert.All(sent.Layers, layer => Assert.Equal((SentOutcome.AlreadyThere, 0L), (layer.Outcome, layer.BytesSent)));
        Assert.DoesNotContain(other.Requests, request => request.Method is "POST" or "PATCH");
    }

    [Fact]
    public async Task MountThatTheTokenServerRefuses_IsAnUpload()
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", "right") { ForeignRepository = "from/here" };
        // A token is good for one repository and one kind of access, as real ones are.
        _harness.Registry.Add(new RegistryFault
        {
            Meets = request =>
            {
                if (request.Method == "POST" && request.Query.ContainsKey("from"))
                {
                    _harness.Registry.Authentication!.RevokeTokens();
                }
                return false;
            },
        });

        // One layer after the other: a request beside them would lose its token over and over.
        SendOptions options = new() { Credential = new RegistryCredential("user", "right"), ThrottleLimit = 1 };
        SentImage sent = Assert.Single(await SendAsync(image, options, $"{_harness.Registry.Host}/to/there:1"));

        Assert.All(sent.Layers, layer => Assert.Equal(SentOutcome.Pushed, layer.Outcome));
        Assert.NotNull(_harness.Registry.FindManifest("to/there", "1"));
    }

    [Fact]
    public async Task OtherRepositoryOfTheRegistry_IsMountedFrom()
    {
        BuiltImage built = Build();
        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "from/here"));

        SentImage sent = Assert.Single(await SendAsync(image, $"{_harness.Registry.Host}/to/there:1"));

        Assert.All(sent.Layers, layer => Assert.Equal((SentOutcome.Mounted, 0L), (layer.Outcome, layer.BytesSent)));
        Assert.Equal(0, sent.BytesSent);
        Assert.Equal(0, _harness.Requests("PATCH"));
        Assert.Equal(built.Manifest, _harness.Registry.FindManifest("to/there", "1")?.Bytes);
    }

    [Theory]
    [InlineData(202)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(405)]
    public async Task RefusedMount_IsSent(int status)
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        bool IsMount(RegistryRequest request) => request.Query.ContainsKey("mount");
        _harness.Registry.Add(status == 202
            ? new RegistryFault { Meets = request => IsMount(request) && ((Dictionary<string, string>)request.Query).Remove("mount") && false }
            : RegistryFault.Status(status) with { Meets = IsMount });

        SentImage sent = Assert.Single(await SendAsync(image, $"{_harness.Registry.Host}/to/there:1"));

        Assert.All(sent.Layers, layer => Assert.Equal(SentOutcome.Pushed, layer.Outcome));
    }

    [Fact]
    public async Task SeveralNames_ShareTheirBlobs()
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        await using RegistryServer other = new();

        IReadOnlyList<SentImage> sent = await SendAsync(image, $"{other.Host}/a:1", $"{other.Host}/a:2", $"{other.Host}/b");

        Assert.Equal(["1", "2"], other.TagsOf("a"));
        Assert.Equal(["latest"], other.TagsOf("b"));
        Assert.Equal([SentOutcome.Pushed, SentOutcome.AlreadyThere, SentOutcome.Mounted], sent.Select(result => result.Layers[0].Outcome));
        Assert.Equal(3, other.Requests.Count(request => request.Method == "PATCH")); // two layers, one configuration
    }

    [Fact]
    public async Task OwnTags_AreTheDestination()
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        await using RegistryServer other = new();
        image = _harness.Engine.Images.AddTag(image, $"{other.Host}/mine:7");
        _harness.Engine.Images.Remove(image, $"{_harness.Registry.Host}/from/here:latest", force: false, pretend: false);

        SentImage sent = Assert.Single(await SendAsync(_harness.Engine.Images.Get(image.Id)));

        Assert.Equal($"{other.Host}/mine:7", sent.Reference);
        Assert.Equal(["7"], other.TagsOf("mine"));
    }

    [Theory]
    [InlineData(LayerCompression.Gzip, MediaTypes.OciLayerGzip)]
    [InlineData(LayerCompression.Zstd, MediaTypes.OciLayerZstd)]
    public async Task Imported_IsReceivedAgain(LayerCompression compression, string mediaType)
    {
        Directory.CreateDirectory(_harness.Store["root"]);
        await File.WriteAllTextAsync(_harness.Store["root/file"], "x", ImageHarness.Stop);
        Image image = await _harness.Engine.Images.ImportAsync(_harness.Store["root"], "box", null, ImageHarness.Stop);

        SentImage sent = Assert.Single(await SendAsync(image, new SendOptions { Compression = compression, RetryCount = 0 }, $"{_harness.Registry.Host}/box:1"));

        Assert.Equal(MediaTypes.OciManifest, sent.MediaType);
        Assert.Contains(mediaType, Encoding.UTF8.GetString(_harness.Registry.FindManifest("box", "1")!.Value.Bytes), StringComparison.Ordinal);
        _harness.Engine.Images.Remove(_harness.Engine.Images.Get(image.Id), null, force: true, pretend: false);
        Image again = await _harness.ReceiveAsync($"{_harness.Registry.Host}/box:1");
        Assert.Equal((image.Id, sent.Digest), (again.Id, again.Digest));
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(again.Layers[0].Path!, "file"), ImageHarness.Stop));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300_000)]
    [InlineData(1_999_999)]
    public async Task CutTransfer_GoesOnWhereItBroke(int cut)
    {
        Image image = await LargeAsync();
        await using RegistryServer other = new();
        other.Add(RegistryFault.CutUploadAfter(cut).On("PATCH").Once());

        SentImage sent = Assert.Single(await SendAsync(image, new SendOptions { ThrottleLimit = 1 }, $"{other.Host}/a:1"));

        Assert.Equal(image.Layers[0].Digest, RegistryServerDigest(other.FindBlob("a", image.Layers[0].Digest!)!));
        string? range = other.Requests.Select(request => request.Header("Content-Range")).OfType<string>().FirstOrDefault();
        // One byte reads as none, so that it is sent again.
        Assert.Equal(cut == 1 ? null : $"{cut}", range?.Split('-')[0]);
        Assert.Equal(SentOutcome.Pushed, sent.Layers[0].Outcome);
        Assert.Empty(_harness.Partials());
    }

    [Fact]
    public async Task CutTransfer_IsGoneOnWithByALaterCall()
    {
        Image image = await LargeAsync();
        await using RegistryServer other = new();
        other.Add(RegistryFault.CutUploadAfter(1_500_000).On("PATCH").Once());
        other.Add(RegistryFault.Drop().On("GET /v2/a/blobs/uploads/"));
        await Assert.ThrowsAnyAsync<LayerImageException>(() => SendAsync(image, new SendOptions { RetryCount = 0, ThrottleLimit = 1 }, $"{other.Host}/a:1"));
        Assert.Single(_harness.Partials(), name => name.EndsWith(".upload", StringComparison.Ordinal));
        other.ClearFaults();
        other.ClearRequests();

        SentImage sent = Assert.Single(await SendAsync(image, $"{other.Host}/a:1"));

        Assert.Equal(image.Layers[0].DownloadSize - 1_500_000, sent.Layers[0].BytesSent);
        Assert.Equal(1, other.Requests.Count(request => request.Method == "POST")); // the configuration's
        Assert.Empty(_harness.Partials());
    }

    [Fact]
    public async Task ForgottenUpload_BeginsAnew()
    {
        Image image = await LargeAsync();
        await using RegistryServer other = new();
        other.Add(RegistryFault.CutUploadAfter(1_500_000).On("PATCH").Once());
        other.Add(RegistryFault.Status(404, "BLOB_UPLOAD_UNKNOWN").On("GET /v2/a/blobs/uploads/"));

        SentImage sent = Assert.Single(await SendAsync(image, new SendOptions { ThrottleLimit = 1 }, $"{other.Host}/a:1"));

        Assert.Equal(SentOutcome.Pushed, sent.Layers[0].Outcome);
        Assert.NotNull(other.FindManifest("a", "1"));
    }

    [Fact]
    public async Task SmallBodies_AreSentToWhoTakesNoOthers()
    {
        Image image = await LargeAsync();
        await using RegistryServer other = new();
        other.Add(RegistryFault.RefuseBody(413) with { Meets = request => request.Method == "PATCH" && long.Parse(request.Header("Content-Length")!, System.Globalization.CultureInfo.InvariantCulture) > 1 << 20 });

        SentImage sent = Assert.Single(await SendAsync(image, $"{other.Host}/a:1"));

        Assert.Equal(SentOutcome.Pushed, sent.Layers[0].Outcome);
        Assert.Contains(other.Requests, request => request.Header("Content-Range") == "0-1048575");
        Assert.Equal(sent.Layers[0].Size, sent.Layers[0].BytesSent);
    }

    [Fact]
    public async Task DamagedBlob_IsNotSent()
    {
        Image image = await _harness.ReceiveAsync(Build().PushTo(_harness.Registry, "from/here"));
        string path = _harness.Layout.Blob(Digest.Parse(image.Layers[0].Digest!));
        byte[] bytes = await File.ReadAllBytesAsync(path, ImageHarness.Stop);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, ImageHarness.Stop);
        await using RegistryServer other = new();

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => SendAsync(image, $"{other.Host}/a:1"));

        Assert.Equal(EngineError.LayerCorrupt, error.Error);
        Assert.Null(other.FindManifest("a", "1"));
        // A layer that was under way beside it may be gone on with.
        Assert.DoesNotContain(_harness.Partials(), name => name.StartsWith(Digest.Parse(image.Layers[0].Digest!).Hex, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelled_CanBeGoneOnWith()
    {
        Image image = await LargeAsync();
        await using RegistryServer other = new();
        other.Add(RegistryFault.Late(TimeSpan.FromSeconds(30)).On("PATCH"));
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _harness.Engine.Images.SendAsync(image, [$"{other.Host}/a:1"], new SendOptions(), SilentObserver.Instance, stop.Token).ToListAsync(ImageHarness.Stop));

        other.ClearFaults();
        Assert.Single(await SendAsync(image, $"{other.Host}/a:1"));
        Assert.Empty(_harness.Partials());
    }

    private static BuiltImage Build(ImageFormat format = ImageFormat.Oci) => new ImageBuilder().WithFormat(format).WithCommand("sh")
        .WithLayer(layer => layer.Directory("etc/").File("etc/name", "value")).WithLayer(layer => layer.File("top", "x")).Build();

    private async Task<Image> LargeAsync()
    {
        byte[] noise = new byte[3_000_000];
        new Random(7).NextBytes(noise);
        return await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("noise", noise)).Build().PushTo(_harness.Registry, "from/here"));
    }

    private static string RegistryServerDigest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));

    private Task<IReadOnlyList<SentImage>> SendAsync(Image image, params string[] destinations) => SendAsync(image, new SendOptions { RetryCount = 0 }, destinations);

    private async Task<IReadOnlyList<SentImage>> SendAsync(Image image, SendOptions options, params string[] destinations) =>
        await _harness.Engine.Images.SendAsync(image, destinations, options, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);
}
