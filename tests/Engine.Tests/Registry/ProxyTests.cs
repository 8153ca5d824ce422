using LayerImage.Engine.Registry.Hosts;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class ProxyTests : IAsyncDisposable
{
    private readonly ConnectorHarness _harness = new();

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData("http://registry.example.com/", "", "http://plain.example.com:3128/")]
    [InlineData("https://registry.example.com/", "", "http://secure.example.com:3129/")]
    [InlineData("https://127.0.0.1:5000/", "", null)]
    [InlineData("https://localhost/", "", null)]
    [InlineData("https://[::1]/", "", null)]
    [InlineData("https://registry.example.com/", "*", null)]
    [InlineData("https://registry.example.com/", "example.com", null)]
    [InlineData("https://registry.example.com/", ".example.com", null)]
    [InlineData("https://example.com/", ".example.com", "http://secure.example.com:3129/")]
    [InlineData("https://myexample.com/", "example.com", "http://secure.example.com:3129/")]
    [InlineData("https://registry.example.com:5000/", "registry.example.com:5000", null)]
    [InlineData("https://registry.example.com:5001/", "registry.example.com:5000", "http://secure.example.com:3129/")]
    [InlineData("https://10.1.2.3/", "192.168.0.0/16, 10.0.0.0/8", null)]
    [InlineData("https://11.1.2.3/", "192.168.0.0/16, 10.0.0.0/8", "http://secure.example.com:3129/")]
    [InlineData("https://10.1.2.3/", "10.1.2.3", null)]
    [InlineData("https://[2001:db8::1]/", "2001:db8::/32", null)]
    public void Environment_NamesTheProxy(string destination, string direct, string? proxy)
    {
        Dictionary<string, string> variables = new() { ["HTTP_PROXY"] = "plain.example.com:3128", ["https_proxy"] = "http://secure.example.com:3129", ["no_proxy"] = direct };
        EnvironmentProxy environment = EnvironmentProxy.Read(name => variables.GetValueOrDefault(name))!;

        Assert.Equal(proxy, environment.GetProxy(new Uri(destination))?.ToString());
        Assert.Equal(proxy is null, environment.IsBypassed(new Uri(destination)));
    }

    [Fact]
    public void EmptyEnvironment_NamesNone() => Assert.Null(EnvironmentProxy.Read(_ => ""));

    [Fact]
    public async Task Registry_IsReachedThroughTheProxy()
    {
        // A proxy is a server that takes whole addresses; this one answers for the registry behind it.
        ConnectorHarness.Put(_harness.Registry);
        _harness.WriteRules("""{ "registry.invalid:5000": { "location": "registry.invalid:5000", "insecure": true } }""");
        _harness.Variables["HTTP_PROXY"] = $"http://proxy-user:proxy-pass@{_harness.Registry.Host}";

        await _harness.GetAsync("registry.invalid:5000/some/image:1");

        RegistryRequest asked = _harness.Registry.Requests[^1];
        Assert.Equal("registry.invalid:5000", asked.Header("Host"));
        Assert.Null(asked.Header("Authorization"));
    }
}
