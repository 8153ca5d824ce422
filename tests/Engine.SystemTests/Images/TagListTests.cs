using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A registry's list of tags: all pages of it, and nothing that a hostile one makes of it.</summary>
public sealed class TagListTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly BuiltImage _built = new ImageBuilder().WithLayer(layer => layer.File("a")).Build();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task Tags_AreListedOverAllPages()
    {
        string[] tags = [.. Enumerable.Range(0, 2345).Select(i => $"v{i:D5}")];
        foreach (string tag in tags)
        {
            _harness.Registry.PutManifest("app", tag, _built.MediaType, _built.Manifest);
        }

        List<RegistryTag> found = await ListAsync($"{_harness.Registry.Host}/app");

        Assert.Equal(tags, found.Select(tag => tag.Tag));
        Assert.Equal(3, _harness.Registry.Requests.Count);
        Assert.Equal($"{_harness.Registry.Host}/app:v00000", found[0].Reference);
        Assert.Equal((_harness.Registry.Host, "app"), (found[0].Registry, found[0].Repository));
    }

    [Theory]
    [InlineData("<http://elsewhere.invalid/v2/app/tags/list?last=x>; rel=\"next\"", "elsewhere.invalid")]
    [InlineData("</v2/app/tags/list?n=1000>; rel=\"next\"", "goes on at")]
    [InlineData("<file:///etc/passwd>; rel=next", "file:///etc/passwd")]
    public async Task NextPage_IsAskedOfTheSameRegistryAndGoesOn(string link, string says)
    {
        _built.PushTo(_harness.Registry, "app");
        _harness.Registry.Add(RegistryFault.Header("Link", link).On("/tags/list"));

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => ListAsync($"{_harness.Registry.Host}/app"));

        Assert.Equal(EngineError.RegistryProtocolError, error.Error);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains(_harness.Registry.Host, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListWithoutEnd_IsGivenUp()
    {
        _built.PushTo(_harness.Registry, "app");
        int page = 0;
        _harness.Registry.Add(RegistryFault.Answer(_ =>
        {
            page++;
            string tags = string.Join(',', Enumerable.Range(page * 50_000, 50_000).Select(i => $"\"t{i}\""));
            return new RegistryResponse(200, System.Text.Encoding.ASCII.GetBytes($"{{\"tags\":[{tags}]}}"), "application/json").With("Link", $"</v2/app/tags/list?last={page}>; rel=\"next\"");
        }).On("/tags/list"));

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => ListAsync($"{_harness.Registry.Host}/app"));

        Assert.Equal(EngineError.RegistryProtocolError, error.Error);
        Assert.Contains("no end", error.Message, StringComparison.Ordinal);
        Assert.InRange(page, 2, 4);
    }

    [Theory]
    [InlineData("<html></html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"tags\":[1]}")]
    [InlineData("{\"tags\":{}}")]
    [InlineData("{\"tags\":[null]}")]
    [InlineData("{\"tags\":[\"\\uD800\"]}")]
    [InlineData("{\"tags\":[],\"tags\":[\"a\"]}")]
    [InlineData("")]
    public async Task NoList_IsAProtocolError(string body)
    {
        _built.PushTo(_harness.Registry, "app");
        _harness.Registry.Add(RegistryFault.Body(_ => System.Text.Encoding.UTF8.GetBytes(body)).On("/tags/list"));

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => ListAsync($"{_harness.Registry.Host}/app"));

        Assert.Equal(EngineError.RegistryProtocolError, error.Error);
    }

    [Fact]
    public async Task OddTags_AreLeftOut()
    {
        _built.PushTo(_harness.Registry, "app");
        _harness.Registry.Add(RegistryFault.Body(_ => "{\"tags\":[\"../x\",\"a b\",\"good\",\"\",\"good\"]}"u8.ToArray()).On("/tags/list"));

        Assert.Equal(["good"], (await ListAsync($"{_harness.Registry.Host}/app")).Select(tag => tag.Tag));
    }

    [Fact]
    public async Task Repository_IsNamedWithoutATagAndMustBeThere()
    {
        Assert.Equal(EngineError.ReferenceInvalid, (await Assert.ThrowsAsync<LayerImageException>(() => ListAsync($"{_harness.Registry.Host}/app:1"))).Error);
        Assert.Equal(EngineError.RegistryImageNotFound, (await Assert.ThrowsAsync<LayerImageException>(() => ListAsync($"{_harness.Registry.Host}/nothing"))).Error);
    }

    private async Task<List<RegistryTag>> ListAsync(string repository)
    {
        List<RegistryTag> found = [];
        await foreach (RegistryTag tag in _harness.Engine.Images.ListTagsAsync(repository, null, ImageHarness.Stop))
        {
            found.Add(tag);
        }
        return found;
    }
}
