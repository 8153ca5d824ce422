using System.Text;
using System.Text.Json.Nodes;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A registry that fails or lies: the right error, nothing half-made, and the next try succeeds.</summary>
public sealed class BrokenReceiveTests : IAsyncLifetime
{
    private const int ContentSize = 700_000;
    private readonly ImageHarness _harness = new();
    private readonly BuiltImage _built;
    private readonly string _reference;

    public BrokenReceiveTests()
    {
        byte[] content = new byte[ContentSize];
        new Random(1).NextBytes(content);
        _built = new ImageBuilder().WithLayer(layer => layer.File("small", "x")).WithLayer(layer => layer.File("big", content)).Build();
        _reference = _built.PushTo(_harness.Registry, "some/image");
    }

    private LayerBlob Big => _built.Layers[1];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(65_536)]
    [InlineData(131_072)]
    [InlineData(500_001)]
    [InlineData(ContentSize)]
    public async Task CutBlob_GoesOnWhereItEnded(int cut)
    {
        _harness.Registry.Add(RegistryFault.CutAfter(cut).On(Big.Digest).Once());

        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        Assert.Empty(_harness.Engine.Images.List());
        long kept = new FileInfo(_harness.Layout.Partial(Digest.Parse(Big.Digest))).Length;
        Assert.Equal(cut, kept);
        _harness.Registry.ClearRequests();
        await _harness.ReceiveAsync(_reference);

        Assert.Equal($"bytes={kept}-", _harness.Registry.Requests.Single(request => request.Path.EndsWith(Big.Digest, StringComparison.Ordinal)).Header("Range"));
        Assert.Empty(_harness.Partials());
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task CutBlob_IsGoneOnWithInTheSameCall()
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        _harness.Registry.Add(RegistryFault.CutAfter(100_000).On(Big.Digest).Once());
        _harness.Registry.ClearRequests();

        await _harness.ReceiveAsync(_reference, new ReceiveOptions { RetryCount = 1 });

        Assert.Equal([null, "bytes=300000-", "bytes=400000-"], _harness.Registry.Requests.Where(request => request.Path.EndsWith(Big.Digest, StringComparison.Ordinal)).Select(request => request.Header("Range")));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task CutBlob_GoesOnAlsoWhereRangesAreNotKnown()
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        // The server does not see the range and sends the whole.
        _harness.Registry.Add(new RegistryFault { Meets = request => ((Dictionary<string, string>)request.Headers).Remove("Range") && false });

        Image image = await _harness.ReceiveAsync(_reference);

        Assert.Equal(2, image.Layers.Count);
    }

    // 416, 400, 403: what registries, proxies and stores say who cannot go on in the middle.
    [Theory]
    [InlineData(416)]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(501)]
    public async Task RefusedRange_MeansFromTheStart(int status)
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        RegistryFault refusal = RegistryFault.Status(status);
        _harness.Registry.Add(refusal with { Meets = request => request.Header("Range") is not null });

        Image image = await _harness.ReceiveAsync(_reference);

        Assert.Equal(_built.Id, image.Id);
        _harness.AssertRecordsFitFiles();
    }

    [Theory]
    [InlineData("bytes 262144-", 262_144)] // begins earlier than it was asked
    [InlineData("bytes 0-", 0)]
    [InlineData("bytes 300001-", 300_001)] // begins later: of no use
    [InlineData("pages 1-", 300_000)]
    public async Task AnswerToARange_IsWhatItSaysItIs(string begins, int from)
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        RegistryFault answer = RegistryFault.Answer(_ => new RegistryResponse(206, Big.Blob[from..], "application/octet-stream").With("Content-Range", $"{begins}{Big.Blob.Length - 1}/{Big.Blob.Length}"));
        _harness.Registry.Add(answer with { Meets = request => request.Header("Range") is not null });

        Image image = await _harness.ReceiveAsync(_reference);

        Assert.Equal(_built.Id, image.Id);
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task AnswerInPieces_IsGoneOnWith()
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        RegistryFault answer = RegistryFault.Answer(request =>
        {
            int from = int.Parse(request.Header("Range")!["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture), to = Math.Min(from + 200_000, Big.Blob.Length);
            return new RegistryResponse(206, Big.Blob[from..to], "application/octet-stream").With("Content-Range", $"bytes {from}-{to - 1}/{Big.Blob.Length}");
        });
        _harness.Registry.Add(answer with { Meets = request => request.Header("Range") is not null });

        Image image = await _harness.ReceiveAsync(_reference, new ReceiveOptions { RetryCount = 1 });

        Assert.Equal(_built.Id, image.Id);
    }

    [Theory]
    [InlineData("wrong bytes")]
    [InlineData("html")]
    [InlineData("too long")]
    [InlineData("too short")]
    [InlineData("endless")]
    public async Task WrongBlob_IsThrownAway(string kind)
    {
        (RegistryFault fault, EngineError expected) = kind switch
        {
            "wrong bytes" => (RegistryFault.WrongBytes(), EngineError.DigestMismatch),
            "html" => (RegistryFault.Html(), EngineError.SizeMismatch),
            "too long" => (RegistryFault.Body(body => [.. body, 1]), EngineError.SizeMismatch),
            "too short" => (RegistryFault.Body(body => body[..^1]), EngineError.SizeMismatch),
            _ => (RegistryFault.Endless(), EngineError.SizeMismatch),
        };
        _harness.Registry.Add(fault.On(Big.Digest).Once());

        await _harness.RefuseAsync(expected, _reference);

        // The very next try succeeds: nothing wrong was kept to go on from.
        Assert.Empty(_harness.Engine.Images.List());
        Image image = await _harness.ReceiveAsync(_reference);
        Assert.Equal(_built.Id, image.Id);
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task DamagedPartial_IsFoundOutAndReplaced()
    {
        _harness.Registry.Add(RegistryFault.CutAfter(300_000).On(Big.Digest).Once());
        await _harness.RefuseAsync(EngineError.SizeMismatch, _reference);
        string partial = _harness.Layout.Partial(Digest.Parse(Big.Digest));
        byte[] bytes = await File.ReadAllBytesAsync(partial, ImageHarness.Stop);
        bytes[1000] ^= 1;
        await File.WriteAllBytesAsync(partial, bytes, ImageHarness.Stop);

        await _harness.RefuseAsync(EngineError.DigestMismatch, _reference);
        await _harness.ReceiveAsync(_reference);

        Assert.Empty(_harness.Partials());
    }

    [Theory]
    [InlineData(401, EngineError.RegistryUnauthorized)]
    [InlineData(403, EngineError.RegistryUnauthorized)]
    [InlineData(404, EngineError.RegistryImageNotFound)]
    [InlineData(418, EngineError.RegistryProtocolError)]
    [InlineData(429, EngineError.RegistryUnreachable)]
    [InlineData(500, EngineError.RegistryUnreachable)]
    [InlineData(503, EngineError.RegistryUnreachable)]
    public async Task Status_HasItsError(int status, EngineError expected)
    {
        foreach (string where in (string[])["/manifests/", $"/blobs/{_built.Id}", $"/blobs/{Big.Digest}"])
        {
            _harness.Registry.Add(RegistryFault.Status(status, "CODE", "in the registry's own words").On(where));

            LayerImageException error = await _harness.RefuseAsync(expected, _reference);

            Assert.True(status is 401 or 403 || error.Message.Contains("in the registry's own words", StringComparison.Ordinal), error.Message);
            _harness.Registry.ClearFaults();
            Assert.Empty(_harness.Engine.Images.List());
        }
    }

    [Theory]
    [InlineData("/manifests/")]
    [InlineData("/blobs/")]
    public async Task Dropped_IsUnreachable(string where)
    {
        _harness.Registry.Add(RegistryFault.Drop().On(where));

        await _harness.RefuseAsync(EngineError.RegistryUnreachable, _reference);

        _harness.AssertNothingLeft(mayResume: true);
        Assert.All(_harness.Partials(), name => Assert.Equal(0, new FileInfo(Path.Combine(_harness.Layout.Ingest, name)).Length));
    }

    [Fact]
    public async Task Down_IsUnreachable()
    {
        await _harness.RefuseAsync(EngineError.RegistryUnreachable, "127.0.0.1:1/some/image");
        await _harness.RefuseAsync(EngineError.RegistryUnreachable, "no-such-host.invalid/some/image");

        _harness.AssertNothingLeft();
    }

    public static TheoryData<string, EngineError, string, string> Documents => new()
    {
        { "html", EngineError.ManifestInvalid, "text/html", "<!DOCTYPE html><html></html>" },
        { "empty", EngineError.ManifestInvalid, MediaTypes.OciManifest, "" },
        { "list", EngineError.ManifestInvalid, MediaTypes.OciManifest, "[]" },
        { "null", EngineError.ManifestInvalid, MediaTypes.OciManifest, "null" },
        { "nothing in it", EngineError.ManifestInvalid, MediaTypes.OciManifest, "{}" },
        { "bad utf-8", EngineError.ManifestInvalid, MediaTypes.OciManifest, "{\"schemaVersion\":2,\"x\":\"\uD800\"}" },
        { "schema 1", EngineError.ManifestNotSupported, MediaTypes.DockerSchema1Signed, """{"schemaVersion":1,"name":"x","fsLayers":[]}""" },
        { "schema 1 without its type", EngineError.ManifestNotSupported, "application/json", """{"schemaVersion":1,"name":"x","fsLayers":[]}""" },
        { "artifact", EngineError.ManifestNotSupported, MediaTypes.OciManifest, Manifest("application/vnd.example.thing.v1+json", 2) },
        { "helm chart", EngineError.ManifestNotSupported, MediaTypes.OciManifest, Manifest("application/vnd.cncf.helm.config.v1+json", 2) },
        { "negative size", EngineError.ManifestInvalid, MediaTypes.OciManifest, Manifest(MediaTypes.OciConfig, -2) },
        { "huge configuration", EngineError.ManifestInvalid, MediaTypes.OciManifest, Manifest(MediaTypes.OciConfig, 1L << 40) },
        { "digest of nonsense", EngineError.ManifestInvalid, MediaTypes.OciManifest, Manifest(MediaTypes.OciConfig, 2).Replace("sha256:", "sha256:../../", StringComparison.Ordinal) },
        { "missing configuration", EngineError.RegistryImageNotFound, MediaTypes.OciManifest, Manifest(MediaTypes.OciConfig, 2) },
        { "index without manifests", EngineError.PlatformNotFound, MediaTypes.OciIndex, """{"schemaVersion":2}""" },
        { "empty index", EngineError.PlatformNotFound, MediaTypes.OciIndex, """{"schemaVersion":2,"manifests":[]}""" },
        { "index with null", EngineError.ManifestInvalid, MediaTypes.OciIndex, """{"schemaVersion":2,"manifests":[null]}""" },
        { "deep", EngineError.ManifestInvalid, MediaTypes.OciManifest, new string('[', 100_000) },
        { "large", EngineError.ManifestInvalid, MediaTypes.OciManifest, "{\"x\":\"" + new string('x', 5 << 20) + "\"}" },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Manifest_IsRefused(string what, EngineError expected, string mediaType, string document)
    {
        _harness.Registry.PutManifest("other", "latest", mediaType, Encoding.UTF8.GetBytes(document));

        LayerImageException error = await _harness.RefuseAsync(expected, $"{_harness.Registry.Host}/other");

        Assert.NotEmpty(what);
        Assert.NotNull(error.Target);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task WrongManifest_IsRefusedWhenItsDigestIsKnown()
    {
        _harness.Registry.Add(RegistryFault.WrongBytes().On("GET /v2/some/image/manifests/"));

        await _harness.RefuseAsync(EngineError.DigestMismatch, $"{_harness.Registry.Host}/some/image@{_built.Digest}");
        await _harness.RefuseAsync(EngineError.DigestMismatch, _reference);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task WrongConfiguration_IsRefused()
    {
        _harness.Registry.Add(RegistryFault.WrongBytes().On(_built.Id));

        await _harness.RefuseAsync(EngineError.DigestMismatch, _reference);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task EndlessDocument_IsCutOff()
    {
        _harness.Registry.Add(RegistryFault.Endless().On("/manifests/"));

        await _harness.RefuseAsync(EngineError.ManifestInvalid, _reference);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task WrongDiffId_IsRefused()
    {
        LayerBlob lying = LayerBlob.From(new LayerBuilder().File("a").ToTar(), LayerCompression.Gzip) with { Tar = new LayerBuilder().File("b").ToTar() };

        await _harness.RefuseAsync(EngineError.DigestMismatch, new ImageBuilder().WithLayer(lying).Build().PushTo(_harness.Registry, "lying"));
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task OneBlobForTwoLayers_IsRefused()
    {
        LayerBlob layer = LayerBlob.From(new LayerBuilder().File("a", new byte[3_000_000]).ToTar(), LayerCompression.None);
        _harness.Registry.Add(RegistryFault.Slow(200_000, TimeSpan.FromMilliseconds(20)).On(layer.Digest));

        await _harness.RefuseAsync(EngineError.DigestMismatch, new ImageBuilder().WithLayer(layer).WithLayer(layer with { Tar = [1, 2, 3] }).Build().PushTo(_harness.Registry, "lying"));
        Assert.Empty(_harness.Engine.Images.List());
    }

    [Theory]
    [InlineData("not gzip")]
    [InlineData("cut gzip")]
    [InlineData("damaged gzip")]
    [InlineData("not a tar")]
    [InlineData("cut tar")]
    public async Task MalformedLayer_IsRefused(string kind)
    {
        byte[] tar = new LayerBuilder().File("a", new byte[10_000]).ToTar();
        byte[] packed = LayerBlob.From(tar, LayerCompression.Gzip).Blob;
        LayerBlob blob = kind switch
        {
            "not gzip" => new LayerBlob(tar, [0x1f, 0x8b, .. new byte[1000]], LayerCompression.Gzip),
            "cut gzip" => new LayerBlob(tar, packed[..^20], LayerCompression.Gzip),
            "damaged gzip" => new LayerBlob(tar, [.. packed[..30], 0xff, 0xff, 0xff, .. packed[33..]], LayerCompression.Gzip),
            "not a tar" => LayerBlob.From(Encoding.ASCII.GetBytes(new string('x', 5000)), LayerCompression.Gzip),
            _ => LayerBlob.From(tar[..5000], LayerCompression.Gzip),
        };

        await _harness.RefuseAsync(EngineError.LayerInvalid, new ImageBuilder().WithLayer(blob).Build().PushTo(_harness.Registry, "malformed"));
        _harness.AssertNothingLeft(mayResume: true);
    }

    [Fact]
    public async Task Cancelled_LeavesOnlyWhatGoesOn()
    {
        _harness.Registry.Add(RegistryFault.Slow(50_000, TimeSpan.FromMilliseconds(100)).On(Big.Digest).Once());
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _harness.Engine.Images.ReceiveAsync(_reference, new ReceiveOptions(), SilentObserver.Instance, soon.Token));

        Assert.Empty(_harness.Engine.Images.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
        await _harness.ReceiveAsync(_reference);
        _harness.AssertRecordsFitFiles();
    }

    private static string Manifest(string configType, long size) => new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = MediaTypes.OciManifest,
        ["config"] = new JsonObject { ["mediaType"] = configType, ["digest"] = "sha256:" + new string('0', 64), ["size"] = size },
        ["layers"] = new JsonArray(),
    }.ToJsonString();
}
