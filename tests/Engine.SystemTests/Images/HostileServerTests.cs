using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>
/// Every end point answers in every wrong way: the error names the server, nothing is stored, nothing is left, nothing
/// waits for ever, and the next try with a server that behaves succeeds.
/// </summary>
public sealed class HostileServerTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new(new QuickClock());
    private readonly BuiltImage _built = new ImageBuilder().WithLayer(layer => layer.File("big", new byte[200_000])).Build();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    public static TheoryData<string, string> Matrix
    {
        get
        {
            TheoryData<string, string> all = [];
            foreach (string endPoint in (string[])["manifest", "platform manifest", "configuration", "layer"])
            {
                foreach (string fault in (string[])["wrong bytes", "one byte more", "one byte less", "empty", "html", "endless", "cut", "dropped", "endless redirect", "redirect to file", "redirect to nowhere", "huge headers", "many headers", "deep", "byte order mark", "other content", "silent", "silent in the middle", "no status"])
                {
                    all.Add(endPoint, fault);
                }
            }
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task EndPoint_ThatLiesLeavesNothing(string endPoint, string kind)
    {
        string reference = new IndexBuilder().With(_built).PushTo(_harness.Registry, "some/image");
        string path = endPoint switch
        {
            "manifest" => "GET /v2/some/image/manifests/latest",
            "platform manifest" => $"GET /v2/some/image/manifests/{_built.Digest}",
            "configuration" => $"GET /v2/some/image/blobs/{_built.Id}",
            _ => $"GET /v2/some/image/blobs/{_built.Layers[0].Digest}",
        };
        _harness.Registry.Add(Fault(kind).On(path));

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0, Platform = Platform.Parse("linux/amd64") }));

        Assert.True(error.Message.Contains(_harness.Registry.Host, StringComparison.Ordinal), error.ToString());
        Assert.InRange(error.Message.Length, 20, 2000);
        Assert.True(error.Error is EngineError.DigestMismatch or EngineError.SizeMismatch or EngineError.ManifestInvalid or EngineError.RegistryProtocolError or EngineError.RegistryUnreachable, error.ToString());
        // A layer's first bytes may stay to go on from; they are no blob.
        _harness.AssertNothingLeft(mayResume: true);
        _harness.Registry.ClearFaults();
        Assert.Equal(_built.Id, (await _harness.ReceiveAsync(reference)).Id);
        Assert.Empty(_harness.Partials());
        _harness.AssertRecordsFitFiles();
    }

    [Theory]
    [InlineData("html")]
    [InlineData("empty")]
    [InlineData("endless")]
    [InlineData("deep")]
    [InlineData("token with a line break")]
    [InlineData("token is half a character")]
    public async Task TokenServer_ThatLiesIsAnError(string kind)
    {
        string reference = _built.PushTo(_harness.Registry, "some/image");
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer");
        _harness.Registry.Add(kind switch
        {
            "token with a line break" => RegistryFault.Body(_ => """{"token":"a\r\nX-Evil: 1"}"""u8.ToArray()),
            "token is half a character" => RegistryFault.Body(_ => """{"token":"\uD800"}"""u8.ToArray()),
            _ => Fault(kind),
        } with
        { Meets = request => request.Path == "/token" });

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ReceiveAsync(reference));

        Assert.Contains(_harness.Registry.Host, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_harness.Registry.Requests, request => request.Header("X-Evil") is not null);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task ChallengeOfAnotherHost_GetsNoPassword()
    {
        string reference = _built.PushTo(_harness.Registry, "some/image");
        await using RegistryServer elsewhere = new() { Authentication = new RegistryAuthentication("Basic", "x", "y") };
        _harness.Registry.Add(RegistryFault.Redirect(request => $"http://{elsewhere.Host}{request.Path}").On("/blobs/"));

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized, reference, new ReceiveOptions { RetryCount = 0, Credential = new RegistryCredential("user", "secret") });

        Assert.NotEmpty(elsewhere.Requests);
        Assert.All(elsewhere.Requests, request => Assert.Null(request.Header("Authorization")));
        _harness.AssertNothingLeft(mayResume: true);
    }

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    public async Task Bomb_IsRefusedUnlessTheUserWantsIt(LayerCompression compression)
    {
        byte[] tar = new LayerBuilder().File("zeros", new byte[8 << 20]).ToTar();
        string reference = new ImageBuilder().WithLayer(LayerBlob.From(tar, compression)).Build().PushTo(_harness.Registry, "bomb");
        UnpackLimits tight = new() { AlwaysAllowed = 1 << 20, Ratio = 20 };

        LayerImageException error = await _harness.RefuseAsync(EngineError.LayerTooLarge, reference, new ReceiveOptions { Limits = tight, RetryCount = 0 });
        _harness.AssertNothingLeft();
        await _harness.RefuseAsync(EngineError.LayerTooLarge, reference, new ReceiveOptions { Limits = new UnpackLimits { Bytes = 5 << 20 }, RetryCount = 0 });
        _harness.AssertNothingLeft();
        Image image = await _harness.ReceiveAsync(reference);

        Assert.Contains("-NoSizeLimit", error.Advice, StringComparison.Ordinal);
        Assert.Contains(_harness.Registry.Host, error.Message, StringComparison.Ordinal);
        Assert.Equal(8 << 20, image.Layers[0].Size);
    }

    [Theory]
    [InlineData(0, 1L << 30)]
    [InlineData(1000, 1L << 30)]
    [InlineData(10L << 20, 2000L << 20)]
    [InlineData(100L << 30, 1L << 40)]
    [InlineData(long.MaxValue, 1L << 40)]
    public void Limits_GrowWithTheBlob(long blob, long allowed)
    {
        Assert.Equal(allowed, new UnpackLimits().For(blob));
        Assert.Equal(long.MaxValue, UnpackLimits.None.For(blob));
    }

    [Fact]
    public async Task ForeignLayer_ComesByHttpsOnly()
    {
        LayerBlob layer = _built.Layers[0];
        string manifest = Encoding.UTF8.GetString(_built.Manifest);
        string foreign(string url) => manifest
            .Replace($"\"size\":{layer.Blob.Length}}}", $"\"size\":{layer.Blob.Length},\"urls\":[\"{url}\"]}}", StringComparison.Ordinal)
            .Replace("application/vnd.oci.image.layer.v1.tar\\u002Bgzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", StringComparison.Ordinal);
        _built.PushTo(_harness.Registry, "some/image");
        await using RegistryServer elsewhere = new();
        elsewhere.PutBlob("some/image", layer.Blob);
        _harness.Registry.PutManifest("some/image", "http", MediaTypes.OciManifest, Encoding.UTF8.GetBytes(foreign($"http://{elsewhere.Host}/v2/some/image/blobs/{layer.Digest}")));
        _harness.Registry.PutManifest("some/image", "https", MediaTypes.OciManifest, Encoding.UTF8.GetBytes(foreign($"https://{elsewhere.Host}/v2/some/image/blobs/{layer.Digest}")));

        _harness.Registry.Add(RegistryFault.Status(404, "BLOB_UNKNOWN", "not to be passed on").On("/blobs/" + layer.Digest));

        LayerImageException plain = await _harness.RefuseAsync(EngineError.ManifestNotSupported, $"{_harness.Registry.Host}/some/image:http");
        // The other server speaks no TLS; that it was asked is what counts.
        LayerImageException secure = await _harness.RefuseAsync(EngineError.RegistryUnreachable, $"{_harness.Registry.Host}/some/image:https");

        Assert.Contains($"http://{elsewhere.Host}", plain.Message, StringComparison.Ordinal);
        Assert.Contains(elsewhere.Host, secure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(elsewhere.Requests, request => request.Path.Contains("blobs", StringComparison.Ordinal));
        _harness.AssertNothingLeft(mayResume: true);
    }

    [Fact]
    public async Task ForeignLayerThatTheRegistryHas_ComesFromIt()
    {
        LayerBlob layer = _built.Layers[0];
        _built.PushTo(_harness.Registry, "some/image");
        _harness.Registry.PutManifest("some/image", "foreign", MediaTypes.OciManifest, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_built.Manifest)
            .Replace($"\"size\":{layer.Blob.Length}}}", $"\"size\":{layer.Blob.Length},\"urls\":[\"https://nobody.invalid/layer\"]}}", StringComparison.Ordinal)
            .Replace("application/vnd.oci.image.layer.v1.tar\\u002Bgzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", StringComparison.Ordinal)));

        Image image = await _harness.ReceiveAsync($"{_harness.Registry.Host}/some/image:foreign");

        Assert.Equal(layer.Digest, image.Layers[0].Digest);
    }

    [Fact]
    public async Task SameLayerManyTimes_IsFetchedOnce()
    {
        LayerBlob layer = LayerBlob.From(new LayerBuilder().File("a", "x").ToTar(), LayerCompression.Gzip);
        ImageBuilder builder = new();
        for (int i = 0; i < 200; i++)
        {
            builder.WithLayer(layer);
        }

        Image image = await _harness.ReceiveAsync(builder.Build().PushTo(_harness.Registry, "many"));

        Assert.Equal(200, image.Layers.Count);
        Assert.Equal(1, _harness.Requests(layer.Digest));
        Assert.Single(_harness.LayerFolders());
    }

    private static RegistryFault Fault(string kind) => kind switch
    {
        "wrong bytes" => RegistryFault.WrongBytes(),
        "one byte more" => RegistryFault.Body(body => [.. body, (byte)' ']),
        "one byte less" => RegistryFault.Body(body => body[..^1]),
        "empty" => RegistryFault.Body(_ => []),
        "html" => RegistryFault.Html(),
        "endless" => RegistryFault.Endless(),
        "cut" => RegistryFault.CutAfter(20),
        "dropped" => RegistryFault.Drop(),
        "endless redirect" => RegistryFault.Redirect(request => request.Path + "?again"),
        "redirect to file" => RegistryFault.Redirect(_ => "file:///etc/passwd"),
        "redirect to nowhere" => RegistryFault.Redirect(_ => "https://[::1"),
        "huge headers" => RegistryFault.Header("X-Long", new string('x', 1 << 20)),
        "many headers" => RegistryFault.Answer(_ => Enumerable.Range(0, 10_000).Aggregate(new RegistryResponse(200, "{}"u8.ToArray()), (response, i) => response.With($"X-{i}", "some text"))),
        "deep" => RegistryFault.Body(_ => Encoding.ASCII.GetBytes(new string('[', 200_000))),
        "byte order mark" => RegistryFault.Body(body => [0xef, 0xbb, 0xbf, .. body]),
        "other content" => RegistryFault.Body(_ => """{"schemaVersion":2}"""u8.ToArray()),
        "silent" => RegistryFault.Late(TimeSpan.FromHours(1)),
        "silent in the middle" => RegistryFault.Slow(20, TimeSpan.FromHours(1)),
        "no status" => RegistryFault.Answer(_ => new RegistryResponse(999, [])),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
