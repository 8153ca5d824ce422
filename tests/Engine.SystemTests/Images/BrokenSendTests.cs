using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A registry that refuses, fails or lies: an error that says so, no credentials elsewhere, nothing left here.</summary>
public sealed class BrokenSendTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly RegistryServer _other = new();
    private Image _image = null!;

    public async ValueTask InitializeAsync() =>
        _image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a", "x")).Build().PushTo(_harness.Registry, "from/here"));

    public async ValueTask DisposeAsync()
    {
        await _other.DisposeAsync();
        await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData("HEAD", 401, EngineError.RegistryUnauthorized)]
    [InlineData("HEAD", 403, EngineError.RegistryUnauthorized)]
    [InlineData("HEAD", 500, EngineError.RegistryUnreachable)]
    [InlineData("POST", 401, EngineError.RegistryUnauthorized)]
    [InlineData("POST", 403, EngineError.RegistryUnauthorized)]
    [InlineData("POST", 404, EngineError.RegistryImageNotFound)]
    [InlineData("POST", 405, EngineError.RegistryProtocolError)]
    [InlineData("POST", 413, EngineError.RegistryProtocolError)]
    [InlineData("POST", 503, EngineError.RegistryUnreachable)]
    [InlineData("PATCH", 403, EngineError.RegistryUnauthorized)]
    [InlineData("PATCH", 405, EngineError.RegistryProtocolError)]
    [InlineData("PATCH", 413, EngineError.RegistryProtocolError)]
    [InlineData("PATCH", 500, EngineError.RegistryUnreachable)]
    [InlineData("PATCH", 404, EngineError.RegistryImageNotFound)]
    [InlineData("PUT /v2/a/blobs", 403, EngineError.RegistryUnauthorized)]
    [InlineData("PUT /v2/a/blobs", 400, EngineError.RegistryProtocolError)]
    [InlineData("PUT /v2/a/manifests", 403, EngineError.RegistryUnauthorized)]
    [InlineData("PUT /v2/a/manifests", 400, EngineError.RegistryProtocolError)]
    [InlineData("PUT /v2/a/manifests", 500, EngineError.RegistryUnreachable)]
    public async Task Refusal_IsSaid(string where, int status, EngineError expected)
    {
        _other.Add(RegistryFault.Status(status, "DENIED", "because of the test").On(where));
        _other.Add(RegistryFault.Status(404).On("GET /v2/a/blobs/uploads")); // it took nothing of what it refused

        LayerImageException error = await RefuseAsync(expected);

        Assert.Contains(_other.Host, error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Target);
        Assert.True(where.Contains("manifests", StringComparison.Ordinal) || _other.FindManifest("a", "1") is null);
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("PUT /v2/a/blobs")]
    [InlineData("PUT /v2/a/manifests")]
    public async Task EndlessRedirects_End(string where)
    {
        _other.Add(RegistryFault.Redirect(request => request.Path).On(where));

        await RefuseAsync(EngineError.RegistryProtocolError);
    }

    [Theory]
    [InlineData("PUT /v2/a/blobs")]
    [InlineData("PUT /v2/a/manifests")]
    public async Task OtherDigest_IsRefused(string where)
    {
        _other.Add(RegistryFault.Header("Docker-Content-Digest", "sha256:" + new string('0', 64)).On(where));

        await RefuseAsync(EngineError.DigestMismatch);
    }

    [Fact]
    public async Task OtherBytesOnTheWay_AreTheWaysFault()
    {
        _other.Add(RegistryFault.Status(400, "DIGEST_INVALID", "the bytes are others").On("PUT /v2/a/blobs"));

        LayerImageException error = await RefuseAsync(EngineError.DigestMismatch);

        Assert.Contains(_other.Host, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    public async Task UnsafeLocation_IsNotGoneTo(string where)
    {
        _other.Add(RegistryFault.Header("Location", "file:///etc/passwd").On(where));

        await RefuseAsync(EngineError.RegistryProtocolError);
    }

    [Fact]
    public async Task LocationOnAnotherHost_GetsTheBytesAndNoCredentials()
    {
        await using RegistryServer storage = new();
        _other.Authentication = new RegistryAuthentication("Basic", "zyp", "secret");
        _other.Add(RegistryFault.Header("Location", $"http://{storage.Host}/v2/a/blobs/uploads/elsewhere").On("POST"));

        await Assert.ThrowsAnyAsync<LayerImageException>(() => SendAsync(new SendOptions { RetryCount = 0, Credential = new RegistryCredential("zyp", "secret") }));

        Assert.Contains(storage.Requests, request => request.Method == "PATCH" && request.Body.Length > 0);
        Assert.All(storage.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task Password_IsInNoMessage()
    {
        _other.Authentication = new RegistryAuthentication("Basic", "zyp", "other");

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => SendAsync(new SendOptions { RetryCount = 0, Credential = new RegistryCredential("zyp", "secret-word") }));

        Assert.Equal(EngineError.RegistryUnauthorized, error.Error);
        Assert.DoesNotContain("secret-word", error.ToString() + error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Bearer")]
    public async Task Authenticated_IsSent(string scheme)
    {
        _other.Authentication = new RegistryAuthentication(scheme, "zyp", "secret");

        Assert.Single(await SendAsync(new SendOptions { RetryCount = 0, Credential = new RegistryCredential("zyp", "secret") }));

        Assert.NotNull(_other.FindManifest("a", "1"));
    }

    [Fact]
    public async Task PassingFailures_ArePassed()
    {
        _other.Add(RegistryFault.Status(503).On("PATCH").Once());
        _other.Add(RegistryFault.TooManyRequests("0").On("PATCH").Once());
        _other.Add(RegistryFault.Drop().On("PATCH").Once());

        Assert.Single(await SendAsync(new SendOptions()));

        Assert.NotNull(_other.FindManifest("a", "1"));
    }

    [Fact]
    public async Task WrongDigestInDestination_IsRefusedBeforeAnythingIsSent()
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(async () =>
            await _harness.Engine.Images.SendAsync(_image, [$"{_other.Host}/a@sha256:{new string('0', 64)}"], new SendOptions(), SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop));

        Assert.Equal(EngineError.ReferenceInvalid, error.Error);
        Assert.Empty(_other.Requests);
    }

    private async Task<LayerImageException> RefuseAsync(EngineError expected)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => SendAsync(new SendOptions { RetryCount = 0, ThrottleLimit = 1 }));
        Assert.True(expected == error.Error, error.ToString());
        Assert.DoesNotContain($"{_other.Host}/a", string.Join(' ', _harness.Engine.Images.Get(_image.Id).RepoDigests), StringComparison.Ordinal);
        if (expected is not EngineError.RegistryUnreachable)
        {
            Assert.Empty(_harness.Partials());
        }
        return error;
    }

    private async Task<IReadOnlyList<SentImage>> SendAsync(SendOptions options) =>
        await _harness.Engine.Images.SendAsync(_image, [$"{_other.Host}/a:1"], options, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);
}
