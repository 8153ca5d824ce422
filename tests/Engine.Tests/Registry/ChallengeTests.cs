using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class ChallengeTests : IAsyncDisposable
{
    private readonly ConnectorHarness _harness = new();

    public ChallengeTests() => ConnectorHarness.Put(_harness.Registry);

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    private int TokenRequests => _harness.Registry.Requests.Count(request => request.Path == "/token");

    [Fact]
    public async Task ExpiredToken_IsRenewed()
    {
        RegistryAuthentication bearer = new("Bearer", "user", "right");
        _harness.Registry.Authentication = bearer;
        using RegistryClient client = _harness.Open(credential: new RegistryCredential("user", "right"));

        for (int i = 1; i <= 3; i++)
        {
            await client.GetManifestAsync("1", ConnectorHarness.Stop);
            await client.GetManifestAsync("1", ConnectorHarness.Stop);
            Assert.Equal(i, TokenRequests);
            bearer.RevokeTokens();
        }
    }

    [Fact]
    public async Task TokenServer_IsTriedAgainToo()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer");
        _harness.Registry.Add(RegistryFault.TooManyRequests("3").On("/token").Once());
        _harness.Registry.Add(RegistryFault.Status(502).On("/token").Once());

        await _harness.GetAsync();

        Assert.Equal(3, TokenRequests);
        Assert.Equal([3000, 500], _harness.Clock.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public async Task TokenServerThatStaysDown_IsNotAskedForEver()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer");
        _harness.Registry.Add(RegistryFault.Drop().On("/token"));

        await _harness.RefuseAsync(EngineError.RegistryUnreachable, retries: 2);

        Assert.Equal(2, _harness.Clock.Waits.Count);
    }

    [Fact]
    public async Task IdentityToken_IsPosted()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", "right") { IdentityToken = "id-token", UseOAuthName = true };

        await _harness.GetAsync(credential: new RegistryCredential("", "") { IdentityToken = "id-token" });
        LayerImageException wrong = await _harness.RefuseAsync(EngineError.RegistryUnauthorized, credential: new RegistryCredential("", "") { IdentityToken = "stale-token" });

        RegistryRequest[] asked = [.. _harness.Registry.Requests.Where(request => request.Path == "/token")];
        Assert.All(asked, request => Assert.Equal("POST", request.Method));
        Assert.All(asked, request => Assert.Null(request.Header("Authorization")));
        Assert.Contains("scope=repository%3Asome%2Fimage%3Apull", System.Text.Encoding.UTF8.GetString(asked[0].Body), StringComparison.Ordinal);
        Assert.DoesNotContain("stale-token", wrong.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ElsewhereIsNotTold_EvenWhenItAsks()
    {
        await using RegistryServer elsewhere = new() { Authentication = new RegistryAuthentication("Basic", "user", "right") };
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", "right");
        _harness.Registry.Add(RegistryFault.Redirect(request => $"http://{elsewhere.Host}{request.Path}") with { Meets = request => request.Header("Authorization") is not null });

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized, credential: new RegistryCredential("user", "right"));

        Assert.Null(Assert.Single(elsewhere.Requests).Header("Authorization"));
    }

    [Theory]
    [InlineData("http://tokens.example.com/token")]
    [InlineData("file:///etc/passwd")]
    [InlineData("nonsense")]
    public async Task UnsafeRealm_GetsNothing(string realm)
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", "right");
        _harness.Registry.Add(RegistryFault.Header("WWW-Authenticate", $"Bearer realm=\"{realm}\",service=\"x\""));

        LayerImageException error = await _harness.RefuseAsync(EngineError.RegistryProtocolError, credential: new RegistryCredential("user", "right"));

        Assert.Contains(realm, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("right", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{\"token\":1}")]
    [InlineData("{\"token\":\"\"}")]
    [InlineData("{\"token\":\"a\\r\\nX-Evil: 1\"}")]
    public async Task WhatIsNoToken_IsAProtocolError(string answer)
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer");
        _harness.Registry.Add(RegistryFault.Body(_ => System.Text.Encoding.UTF8.GetBytes(answer)).On("/token"));

        await _harness.RefuseAsync(EngineError.RegistryProtocolError);
    }

    [Fact]
    public async Task RegistryThatNeverAgrees_IsAskedThreeTimes()
    {
        RegistryAuthentication never = new("Bearer");
        _harness.Registry.Authentication = never;
        _harness.Registry.Add(new RegistryFault
        {
            Meets = request =>
            {
                if (request.Path != "/token")
                {
                    never.RevokeTokens();
                }
                return false;
            },
        });

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized);

        Assert.Equal(3, _harness.Registry.Requests.Count(request => request.Path != "/token"));
    }
}
