using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry.Hosts;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class RoutesTests
{
    private const string Rules = """
        {
          // what a firm may have
          "docker.io": { "mirrors": ["mirror.example.com:5000/hub", "bad.example.com", "docker-cache.example.com"] },
          "docker.io/library/tomcat": { "location": "registry.example.com/web/tomcat", },
          "registry.example.com": { "insecure": true },
          "registry.example.com/safe": { "insecure": false },
          "bad.example.com": { "blocked": true },
          "bad.example.com/good": {},
          "localhost:5443": { "insecure": false },
          "old.example.com": { "location": "bad.example.com/x" },
          "single.example.com/app": { "location": "elsewhere.example.com" },
        }
        """;

    [Theory]
    [InlineData("alpine", "https://registry-1.docker.io/v2/library/alpine/", "https://mirror.example.com:5000/v2/hub/library/alpine/", "https://docker-cache.example.com/v2/library/alpine/")]
    [InlineData("tomcat", "https://registry.example.com/v2/web/tomcat/")]
    [InlineData("tomcat-native", "https://registry-1.docker.io/v2/library/tomcat-native/", "https://mirror.example.com:5000/v2/hub/library/tomcat-native/", "https://docker-cache.example.com/v2/library/tomcat-native/")]
    [InlineData("bad.example.com/good/app", "https://bad.example.com/v2/good/app/")]
    [InlineData("registry.example.com.evil.example/app", "https://registry.example.com.evil.example/v2/app/")]
    [InlineData("localhost:5000/app", "http://localhost:5000/v2/app/")]
    [InlineData("localhost:5443/app", "https://localhost:5443/v2/app/")]
    [InlineData("[::1]:5000/app", "http://[::1]:5000/v2/app/")]
    [InlineData("127.0.0.1:5001/app", "https://127.0.0.1:5001/v2/app/")]
    [InlineData("localhost.example.com/app", "https://localhost.example.com/v2/app/")]
    public void Name_LeadsTo(string name, string origin, params string[] mirrors)
    {
        RegistryRoute route = Routes().Of(ImageReference.Parse(name));

        Assert.Equal(origin, route.Origin.Base.ToString());
        Assert.Equal(mirrors, route.Mirrors.Select(mirror => mirror.Base.ToString()));
    }

    [Theory]
    [InlineData("registry.example.com/app", true)]
    [InlineData("tomcat", true)]
    [InlineData("registry.example.com/safe/app", false)]
    [InlineData("other.example.com/app", false)]
    public void Insecure_IsWhatTheUserSays(string name, bool insecure) =>
        Assert.Equal(insecure, Routes().Of(ImageReference.Parse(name)).Origin.IsInsecure);

    [Theory]
    [InlineData("bad.example.com/app")]
    [InlineData("old.example.com/app")]
    public void Blocked_IsRefused(string name)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Routes().Of(ImageReference.Parse(name)));

        Assert.Equal(EngineError.RegistryBlocked, error.Error);
        Assert.Contains("bad.example.com", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LocationThatLosesTheRepository_IsAnError() =>
        Assert.Equal(EngineError.RegistryConfigurationInvalid, Assert.Throws<LayerImageException>(() => Routes().Of(ImageReference.Parse("single.example.com/app"))).Error);

    [Theory]
    [InlineData("{ \"a.b\": { \"mirors\": [] } }", "\"a.b\".mirors")]
    [InlineData("{ \"a.b\": { \"mirrors\": \"c.d\" } }", "\"a.b\".mirrors")]
    [InlineData("{ \"a.b\": { \"mirrors\": [\"c.d\", \"https://e.f\"] } }", "\"a.b\".mirrors[1]")]
    [InlineData("{ \"a.b\": { \"blocked\": \"yes\" } }", "\"a.b\".blocked")]
    [InlineData("{ \"a.b\": { \"insecure\": 1 } }", "\"a.b\".insecure")]
    [InlineData("{ \"a.b\": { \"location\": \"c.d/\" } }", "\"a.b\".location")]
    [InlineData("{ \"a.b\": [] }", "\"a.b\"")]
    [InlineData("{ \"https://a.b\": {} }", "\"https://a.b\"")]
    [InlineData("{ \"a.b\": {}, \"a.b\": {} }", "a.b")]
    [InlineData("{ \"a.b/../c\": {} }", "a.b/../c")]
    [InlineData("[]", "the file")]
    [InlineData("{\n  \"a.b\": {,}\n}", "line 2")]
    [InlineData("", "line 1")]
    public void Mistake_IsToldWithFileAndPlace(string json, string place)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => RegistryRules.Parse(Encoding.UTF8.GetBytes(json), "/etc/layerimage/registries.json"));

        Assert.Equal(EngineError.RegistryConfigurationInvalid, error.Error);
        Assert.Contains("/etc/layerimage/registries.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    private static RegistryRoutes Routes() => new(RegistryRules.Parse(Encoding.UTF8.GetBytes(Rules), "registries.json"), registry => registry == "127.0.0.1:5001");
}
