using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class MirrorTests : IAsyncDisposable
{
    private readonly ConnectorHarness _harness = new();
    private readonly RegistryServer _first = new(), _second = new();

    public MirrorTests()
    {
        ConnectorHarness.Put(_harness.Registry);
        _second.PutManifest("cache/some/image", "1", "application/vnd.oci.image.manifest.v1+json", ConnectorHarness.Manifest);
        _first.PutManifest("some/image", "1", "application/vnd.oci.image.manifest.v1+json", ConnectorHarness.Manifest);
        _harness.WriteRules($$"""{ "{{_harness.Registry.Host}}": { "mirrors": ["{{_first.Host}}", "{{_second.Host}}/cache"] } }""");
    }

    public async ValueTask DisposeAsync()
    {
        await _harness.DisposeAsync();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task FirstMirror_Answers()
    {
        await _harness.GetAsync(useMirrors: true);

        Assert.Equal((1, 0, 0), Asked());
    }

    [Theory]
    [InlineData(404)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(400)]
    public async Task MirrorThatHasItNot_IsFollowedByTheNext(int status)
    {
        _first.Add(RegistryFault.Status(status));

        await _harness.GetAsync(useMirrors: true);

        Assert.Equal((1, 1, 0), Asked());
    }

    [Fact]
    public async Task MirrorsThatAreDown_AreFollowedByTheRegistry_AndAreNotAskedAgain()
    {
        _harness.WriteRules($$"""{ "{{_harness.Registry.Host}}": { "mirrors": ["127.0.0.1:1", "{{_second.Host}}/cache"] } }""");
        _second.Add(RegistryFault.Redirect(_ => "ftp://elsewhere.example.com/"));
        using RegistryClient client = _harness.Open(useMirrors: true);

        await client.GetManifestAsync("1", ConnectorHarness.Stop);
        await client.GetManifestAsync("1", ConnectorHarness.Stop);

        Assert.Equal((0, 1, 2), Asked());
    }

    [Fact]
    public async Task MirrorThatSendsOtherBytes_IsGivenUp()
    {
        _first.Add(RegistryFault.WrongBytes());
        _second.Add(RegistryFault.Html());
        using RegistryClient client = _harness.Open(useMirrors: true);
        string digest = RegistryDigest();

        ReceivedDocument document = await client.GetManifestAsync(digest, ConnectorHarness.Stop);

        Assert.Equal(ConnectorHarness.Manifest, document.Bytes);
        Assert.Equal(1, Asked().Registry);
    }

    [Fact]
    public async Task Mirror_GetsNoLogInOfTheRegistrys()
    {
        _first.Authentication = new RegistryAuthentication("Basic", "user", "right");
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", "right");
        _second.Add(RegistryFault.Status(404));

        await _harness.GetAsync(credential: new RegistryCredential("user", "right"), useMirrors: true);

        Assert.All(_first.Requests.Concat(_second.Requests), request => Assert.Null(request.Header("Authorization")));
        Assert.Equal(2, Asked().Registry);
    }

    [Fact]
    public async Task Push_AsksTheRegistryOnly()
    {
        await _harness.GetAsync(useMirrors: false);

        Assert.Equal((0, 0, 1), Asked());
    }

    [Fact]
    public async Task BlockedRegistry_IsNotAsked()
    {
        _harness.WriteRules($$"""{ "{{_harness.Registry.Host}}/some": { "blocked": true } }""");

        await _harness.RefuseAsync(EngineError.RegistryBlocked);

        Assert.Empty(_harness.Registry.Requests);
    }

    private static string RegistryDigest() => Engine.Oci.Digest.Of(ConnectorHarness.Manifest).ToString();

    private (int First, int Second, int Registry) Asked() => (_first.Requests.Count, _second.Requests.Count, _harness.Registry.Requests.Count);
}
