using System.Text;
using System.Text.Json.Nodes;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class LoginTests : IAsyncDisposable
{
    private const string Password = "p:ä\"ss w0rd";
    private readonly ConnectorHarness _harness = new();

    public LoginTests() => ConnectorHarness.Put(_harness.Registry);

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    private string Host => _harness.Registry.Host;

    [Theory]
    [InlineData("Basic")]
    [InlineData("Bearer")]
    public async Task LogIn_IsProvenKeptUsedAndForgotten(string scheme)
    {
        _harness.Registry.Authentication = new RegistryAuthentication(scheme, "user", Password);

        RegistryLogin login = await ConnectAsync(Host, "user", Password);
        await _harness.GetAsync();

        Assert.Equal((Host, "user", _harness.Environment.DockerFile, null), (login.Server, login.UserName, login.Path, login.Helper));
        Assert.Equal(Encode($"user:{Password}"), (string?)Docker()["auths"]![Host]!["auth"]);
        Assert.Equal([login], await _harness.Service.ListAsync(ConnectorHarness.Stop));
        await DisconnectAsync(Host);
        await _harness.RefuseAsync(EngineError.RegistryUnauthorized);
        Assert.Empty(await _harness.Service.ListAsync(ConnectorHarness.Stop));
        Assert.Equal(EngineError.RegistryLoginNotFound, (await Assert.ThrowsAsync<LayerImageException>(() => DisconnectAsync(Host))).Error);
    }

    [Fact]
    public async Task WrongPassword_IsNotKept_AndNotTold()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", Password);

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => ConnectAsync(Host, "user", "wr0ng-secret"));

        Assert.Equal(EngineError.RegistryUnauthorized, error.Error);
        Assert.DoesNotContain("wr0ng-secret", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(_harness.Environment.DockerFile));
    }

    [Fact]
    public async Task IdentityToken_IsKeptInsteadOfThePassword()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", Password) { IdentityToken = "id-token" };

        RegistryLogin login = await ConnectAsync(Host, "user", Password);
        await _harness.GetAsync();

        Assert.True(login.HasIdentityToken);
        Assert.Equal("id-token", (string?)Docker()["auths"]![Host]!["identitytoken"]);
        Assert.Equal(Encode("user:"), (string?)Docker()["auths"]![Host]!["auth"]);
        Assert.DoesNotContain(Encode($"user:{Password}"), File.ReadAllText(_harness.Environment.DockerFile), StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_KeepsWhatIsNotOurs_AndIsPrivate()
    {
        _harness.WriteDocker("""{ "HttpHeaders": { "X": "a+b/<c>" }, "auths": { "other.example.com": { "auth": "dTpw", "email": "e" } }, "number": 1.50 }""");
        string real = _harness["elsewhere.json"];
        File.Move(_harness.Environment.DockerFile, real);
        File.CreateSymbolicLink(_harness.Environment.DockerFile, real);
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", Password);

        await ConnectAsync(Host, "user", Password);
        await DisconnectAsync(Host);

        string text = File.ReadAllText(real);
        Assert.Contains("a+b/<c>", text, StringComparison.Ordinal);
        Assert.Contains("1.50", text, StringComparison.Ordinal);
        Assert.Contains("\t\t\"other.example.com\": {", text, StringComparison.Ordinal);
        Assert.Equal(real, File.ResolveLinkTarget(_harness.Environment.DockerFile, true)?.FullName);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(real) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.Equal([real], Directory.GetFiles(Path.GetDirectoryName(real)!, "elsewhere*"));
    }

    [Theory]
    [InlineData("docker.io")]
    [InlineData("https://index.docker.io/v1/")]
    [InlineData("index.docker.io")]
    public async Task HubKey_IsDockers(string server)
    {
        await _harness.Logins.SaveAsync(RegistryService.NameOf(server), new RegistryCredential("user", Password), SilentObserver.Instance, ConnectorHarness.Stop);

        Assert.Equal(["https://index.docker.io/v1/"], Docker()["auths"]!.AsObject().Select(member => member.Key));
        Assert.Equal(Password, (await FindAsync("docker.io/library/tomcat")).Credential?.Password);
    }

    [Theory]
    [InlineData("quay.io/team/app/web", "app")]
    [InlineData("quay.io/team/application", "team")]
    [InlineData("quay.io/team", "team")]
    [InlineData("quay.io/teamwork", "all")]
    [InlineData("quay.io", "all")]
    [InlineData("docker.io/library/tomcat", "hub")]
    [InlineData("old.example.com/a", "old")]
    [InlineData("both.example.com/a", "docker")]
    [InlineData("quay.io.example.com/team", null)]
    public async Task LongestPrefix_Wins(string name, string? user)
    {
        _harness.WriteDocker($$"""{ "auths": { "quay.io": { "auth": "{{Encode("all:p")}}" }, "both.example.com": { "auth": "{{Encode("docker:p")}}" }, "https://old.example.com/v1/": { "username": "old", "password": "p" }, "empty.example.com": {} } }""");
        _harness.WritePodman($$"""{ "auths": { "quay.io/team": { "auth": "{{Encode("team:p")}}" }, "quay.io/team/app": { "auth": "{{Encode("app:p")}}" }, "docker.io": { "auth": "{{Encode("hub:p")}}" }, "both.example.com": { "auth": "{{Encode("podman:p")}}" } } }""");

        Assert.Equal(user, (await FindAsync(name)).Credential?.UserName);
    }

    [Fact]
    public async Task GivenCredential_GoesBeforeWhatIsKept()
    {
        _harness.WriteDocker($$"""{ "auths": { "{{Host}}": { "auth": "{{Encode("user:stale")}}" } } }""");
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", Password);

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized);
        await _harness.GetAsync(credential: new RegistryCredential("user", Password));
    }

    [Theory]
    [InlineData("{ \"auths\": { \"x\": { \"auth\": \"c2VjcmV0OnNlY3JldA==\" }")]
    [InlineData("[\"c2VjcmV0OnNlY3JldA==\"]")]
    [InlineData("{ \"auths\": {}, \"auths\": {} }")]
    public async Task BrokenFile_StopsNobody_ButIsNotOverwritten(string content)
    {
        _harness.WriteDocker(content);
        await _harness.GetAsync();
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", Password);

        LayerImageException refused = await _harness.RefuseAsync(EngineError.RegistryUnauthorized);
        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => ConnectAsync(Host, "user", Password));

        Assert.Contains(_harness.Environment.DockerFile, refused.Message, StringComparison.Ordinal);
        Assert.Equal(EngineError.RegistryConfigurationInvalid, error.Error);
        Assert.DoesNotContain("c2VjcmV0", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(_harness.Environment.DockerFile));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("user@host")]
    [InlineData("host/path")]
    [InlineData("host:99999")]
    [InlineData("host?x")]
    public void WhatIsNoRegistry_IsRefused(string server) =>
        Assert.Equal(EngineError.ParameterInvalid, Assert.Throws<LayerImageException>(() => RegistryService.NameOf(server)).Error);

    [Fact]
    public async Task ManyLogIns_AtOnce_AreAllKept()
    {
        await Parallel.ForAsync(0, 20, ConnectorHarness.Stop, async (i, stop) =>
            await _harness.Logins.SaveAsync($"r{i}.example.com", new RegistryCredential("user", "p"), SilentObserver.Instance, stop));

        Assert.Equal(20, (await _harness.Service.ListAsync(ConnectorHarness.Stop)).Count);
    }

    private Task<RegistryLogin> ConnectAsync(string server, string user, string password) =>
        _harness.Service.ConnectAsync(server, new RegistryCredential(user, password), SilentObserver.Instance, ConnectorHarness.Stop);

    private Task DisconnectAsync(string server) => _harness.Service.DisconnectAsync(server, SilentObserver.Instance, ConnectorHarness.Stop);

    private Task<FoundLogin> FindAsync(string name) => _harness.Logins.FindAsync(name, ConnectorHarness.Stop);

    private JsonObject Docker() => JsonNode.Parse(File.ReadAllText(_harness.Environment.DockerFile))!.AsObject();

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
