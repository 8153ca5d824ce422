using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Images;

/// <summary>Send-LayerImage as its users type it.</summary>
[Collection("Acceptance")]
public sealed class SendLayerImageTests : IAsyncLifetime
{
    private readonly TempStore _store = new();
    private readonly RegistryServer _source = new(), _registry = new();
    private readonly BuiltImage _built = new ImageBuilder().WithLayer(layer => layer.Directory("etc/").File("etc/name", "value")).Build();
    private IModuleSession _session = null!;
    private string _image = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _session = await AcceptanceHost.Instance.OpenAsync(_store.Environment, Stop);
        _image = _built.PushTo(_source, "from/here", "1");
        Assert.Empty((await _session.InvokeAsync($"Receive-LayerImage {_image}", Stop)).Errors);
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await _source.DisposeAsync();
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    [Fact]
    public async Task Named_IsSentAndDescribed()
    {
        SessionResult result = await _session.InvokeAsync($"Send-LayerImage {_image} {_registry.Host}/a:1, {_registry.Host}/a:2 | ForEach-Object {{ $_.Reference; $_.Digest; $_.Layers[0].Outcome; $_.BytesSent -gt 0 }}", Stop);

        Assert.Empty(result.Errors);
        Assert.Equal([$"{_registry.Host}/a:1", _built.Digest, "Pushed", "True", $"{_registry.Host}/a:2", _built.Digest, "AlreadyThere", "False"], result.Lines);
        Assert.Equal(["1", "2"], _registry.TagsOf("a"));
    }

    [Fact]
    public async Task Piped_GoesToItsOwnTags()
    {
        SessionResult result = await _session.InvokeAsync($"Get-LayerImage {_image} | Add-ImageTag -Tag {_registry.Host}/mine:7; Remove-LayerImage {_image}; Get-LayerImage {_registry.Host}/mine:7 | Send-LayerImage | ForEach-Object Reference", Stop);

        Assert.Empty(result.Errors);
        Assert.Equal($"{_registry.Host}/mine:7", result.Lines[^1]);
        Assert.Equal(["7"], _registry.TagsOf("mine"));
    }

    [Fact]
    public async Task NamedByOneOfItsTags_GoesToThatOne()
    {
        SessionResult result = await _session.InvokeAsync($"Get-LayerImage {_image} | Add-ImageTag -Tag {_registry.Host}/mine:7 | Out-Null; Send-LayerImage {_registry.Host}/mine:7 | ForEach-Object Reference", Stop);

        Assert.Empty(result.Errors);
        Assert.Equal([$"{_registry.Host}/mine:7"], result.Lines);
    }

    [Fact]
    public async Task WhatIf_SendsNothing()
    {
        SessionResult result = await _session.InvokeAsync($"Send-LayerImage {_image} {_registry.Host}/a:1 -WhatIf", Stop);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Refusal_NamesItsError()
    {
        _registry.Add(RegistryFault.Status(403, "DENIED", "not yours"));

        SessionResult result = await _session.InvokeAsync($"Send-LayerImage {_image} {_registry.Host}/a:1 -RetryCount 0 -ErrorAction SilentlyContinue -ErrorVariable e; $e[0].FullyQualifiedErrorId", Stop);

        Assert.StartsWith("RegistryUnauthorized,", result.Lines[^1], StringComparison.Ordinal);
    }
}
