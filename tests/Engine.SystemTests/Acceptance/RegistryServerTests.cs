using System.Net;
using System.Net.Http.Headers;
using System.Text;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Acceptance;

/// <summary>The tests' own registry against a client that is not ours, so that what it teaches the engine is true.</summary>
public sealed class RegistryServerTests : IAsyncLifetime
{
    private readonly RegistryServer _server = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(ImageFormat.Oci, LayerCompression.Gzip)]
    [InlineData(ImageFormat.Oci, LayerCompression.None)]
    [InlineData(ImageFormat.Docker, LayerCompression.Gzip)]
    public async Task Skopeo_CopiesABuiltImageOutAndIn(ImageFormat format, LayerCompression compression)
    {
        Assert.SkipWhen(Requires.Tool("skopeo") is not null, Requires.Tool("skopeo") ?? "");
        using TempFolder folder = new();
        BuiltImage image = new ImageBuilder().WithFormat(format).WithCommand("/bin/sh").WithLabel("a", "b")
            .WithLayer(layer => layer.Directory("etc/").File("etc/name", "value"), compression).Build();
        string reference = image.PushTo(_server, "some/image");

        await SkopeoAsync("copy", "--src-tls-verify=false", "--preserve-digests", $"docker://{reference}", $"dir:{folder["copy"]}");
        await SkopeoAsync("copy", "--dest-tls-verify=false", "--preserve-digests", $"dir:{folder["copy"]}", $"docker://{_server.Host}/other/place:1");

        Assert.Equal(image.Manifest, _server.FindManifest("other/place", "1")?.Bytes);
        Assert.Equal(image.Layers[0].Blob, _server.FindBlob("other/place", image.Layers[0].Digest));
    }

    [Fact]
    public async Task Skopeo_ChoosesFromAnIndexByPlatform()
    {
        Assert.SkipWhen(Requires.Tool("skopeo") is not null, Requires.Tool("skopeo") ?? "");
        BuiltImage arm = new ImageBuilder().WithPlatform("linux", "arm64", "v8").WithLayer(layer => layer.File("a")).Build();
        BuiltImage amd = new ImageBuilder().WithLayer(layer => layer.File("b")).Build();
        string reference = new IndexBuilder().With(arm).With(amd).PushTo(_server, "multi");

        ProcessResult result = await SkopeoAsync("inspect", "--tls-verify=false", "--override-arch", "arm64", "--config", $"docker://{reference}");

        Assert.Contains(arm.Layers[0].DiffId, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Bearer")]
    public async Task Skopeo_LogsInWithTheRightPasswordOnly(string scheme)
    {
        Assert.SkipWhen(Requires.Tool("skopeo") is not null, Requires.Tool("skopeo") ?? "");
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_server, "private/image");
        _server.Authentication = new RegistryAuthentication(scheme, "user", "right");

        ProcessResult wrong = await TrySkopeoAsync("inspect", "--tls-verify=false", "--creds", "user:wrong", $"docker://{reference}");
        ProcessResult right = await TrySkopeoAsync("inspect", "--tls-verify=false", "--creds", "user:right", $"docker://{reference}");

        Assert.NotEqual(0, wrong.ExitCode);
        Assert.Equal(0, right.ExitCode);
    }

    [Fact]
    public async Task Blob_IsServedFromAnOffset()
    {
        string digest = _server.PutBlob("r", "0123456789"u8.ToArray());
        using HttpRequestMessage request = new(HttpMethod.Get, Url($"/v2/r/blobs/{digest}"));
        request.Headers.Range = new RangeHeaderValue(4, null);

        using HttpResponseMessage response = await _client.SendAsync(request, Stop);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal("456789", await response.Content.ReadAsStringAsync(Stop));
        Assert.Equal("bytes 4-9/10", response.Content.Headers.ContentRange?.ToString());
    }

    [Fact]
    public async Task Upload_RefusesBytesThatAreNotTheDigests()
    {
        using HttpResponseMessage begun = await _client.PostAsync(Url("/v2/r/blobs/uploads/"), null, Stop);
        string location = $"{begun.Headers.Location}&digest={new string('0', 7)}";

        using ByteArrayContent content = new([1, 2, 3]);
        using HttpResponseMessage finished = await _client.PutAsync(Url(location), content, Stop);

        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, finished.StatusCode);
    }

    [Fact]
    public async Task Fault_IsSpentAfterItsCount()
    {
        _server.Add(RegistryFault.TooManyRequests("1").On("/v2/").After(1).Once());

        List<HttpStatusCode> seen = [];
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await _client.GetAsync(Url("/v2/"), Stop);
            seen.Add(response.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK], seen);
    }

    [Fact]
    public async Task CutBlob_EndsTheConnectionInTheMiddle()
    {
        string digest = _server.PutBlob("r", new byte[100_000]);
        _server.Add(RegistryFault.CutAfter(5_000).On(digest));

        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetByteArrayAsync(Url($"/v2/r/blobs/{digest}"), Stop));
    }

    [Fact]
    public async Task EndlessBody_GoesOnUntilTheClientHasEnough()
    {
        string digest = _server.PutBlob("r", Encoding.UTF8.GetBytes("begin"));
        _server.Add(RegistryFault.Endless().On(digest));
        byte[] buffer = new byte[5_000_000];

        await using Stream stream = await _client.GetStreamAsync(Url($"/v2/r/blobs/{digest}"), Stop);
        await stream.ReadExactlyAsync(buffer, Stop);

        Assert.Equal("begin", Encoding.UTF8.GetString(buffer, 0, 5));
    }

    private string Url(string path) => $"http://{_server.Host}{path}";

    private static async Task<ProcessResult> SkopeoAsync(params string[] arguments)
    {
        ProcessResult result = await TrySkopeoAsync(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private static Task<ProcessResult> TrySkopeoAsync(params string[] arguments) =>
        ProcessRunner.RunAsync([ToolLocator.Get("skopeo", "skopeo"), "--insecure-policy", .. arguments], null, Stop);
}
