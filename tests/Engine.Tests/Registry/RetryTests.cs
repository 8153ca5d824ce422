using System.Globalization;
using System.Net;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

public sealed class RetryTests : IAsyncDisposable
{
    private readonly ConnectorHarness _harness = new();

    public RetryTests() => ConnectorHarness.Put(_harness.Registry);

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task PassingFailure_IsTriedAgain(int status)
    {
        _harness.Registry.Add(RegistryFault.Status(status).Times(3));

        await _harness.GetAsync();

        Assert.Equal(4, _harness.Registry.Requests.Count);
        Assert.Equal([250, 500, 1000], _harness.Clock.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Theory]
    [InlineData(400, EngineError.RegistryProtocolError)]
    [InlineData(403, EngineError.RegistryUnauthorized)]
    [InlineData(404, EngineError.RegistryImageNotFound)]
    [InlineData(501, EngineError.RegistryUnreachable)]
    public async Task LastingFailure_IsNot(int status, EngineError error)
    {
        _harness.Registry.Add(RegistryFault.Status(status));

        await _harness.RefuseAsync(error);

        Assert.Single(_harness.Registry.Requests);
    }

    [Fact]
    public async Task BrokenConversation_IsTriedAgain()
    {
        // .NET itself tries a dropped request again, at once and a few times.
        _harness.Registry.Add(RegistryFault.Drop().Times(8));

        await _harness.GetAsync();

        Assert.NotEmpty(_harness.Clock.Waits);
    }

    [Fact]
    public async Task Tries_End()
    {
        _harness.Registry.Add(RegistryFault.Status(503, message: "under repair"));
        LayerImageException fault = await _harness.RefuseAsync(EngineError.RegistryUnreachable, retries: 2);
        _harness.Registry.ClearFaults();
        _harness.Registry.Add(RegistryFault.Drop());
        LayerImageException broken = await _harness.RefuseAsync(EngineError.RegistryUnreachable, retries: 2);

        Assert.Contains("under repair", fault.Message, StringComparison.Ordinal);
        Assert.Contains(_harness.Registry.Host, broken.Message, StringComparison.Ordinal);
        Assert.Equal(4, _harness.Clock.Waits.Count);
    }

    [Fact]
    public async Task RetryAfter_IsHonoured()
    {
        string date = ImpatientClock.Now.AddSeconds(42).ToString("R", CultureInfo.InvariantCulture);
        string past = ImpatientClock.Now.AddSeconds(-42).ToString("R", CultureInfo.InvariantCulture);
        foreach (string asked in (string[])["7", date, past, "0", "soon"])
        {
            _harness.Registry.Add(RegistryFault.TooManyRequests(asked).Once());
        }

        await _harness.GetAsync();

        // What is no date and no number counts as nothing said: the fifth failure's own wait.
        Assert.Equal([7, 42, 4], _harness.Clock.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task RetryAfterHours_IsNotWaitedFor()
    {
        _harness.Registry.Add(RegistryFault.TooManyRequests("21600"));

        LayerImageException error = await _harness.RefuseAsync(EngineError.RegistryUnreachable);

        Assert.Contains("6 hours", error.Message, StringComparison.Ordinal);
        Assert.Single(_harness.Registry.Requests);
    }

    [Fact]
    public async Task UnreachableRegistry_FailsAtOnce()
    {
        await _harness.RefuseAsync(EngineError.RegistryUnreachable, "127.0.0.1:1/some/image:1");
        await _harness.RefuseAsync(EngineError.RegistryUnreachable, "no-such-host.invalid/some/image:1");

        Assert.Empty(_harness.Clock.Waits);
    }

    [Fact]
    public async Task RegistryThatGoesAwayLater_IsWaitedFor()
    {
        RegistryServer passing = new();
        ConnectorHarness.Put(passing);
        using RegistryClient client = _harness.Open($"{passing.Host}/some/image:1", retries: 2);
        await client.GetManifestAsync("1", ConnectorHarness.Stop);
        await passing.DisposeAsync();

        await Assert.ThrowsAsync<LayerImageException>(() => client.GetManifestAsync("1", ConnectorHarness.Stop));

        Assert.Equal(2, _harness.Clock.Waits.Count);
    }

    [Fact]
    public async Task Body_IsSentAgain_AfterAChallenge_AFailure_AndARedirect()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", "right");
        _harness.Registry.Add(RegistryFault.Status(503).On("PUT").After(1).Once());
        _harness.Registry.Add(RegistryFault.Redirect(request => request.Path).On("PUT").After(1).Once());
        using RegistryTransport transport = OpenTransport(new RegistryCredential("user", "right"));
        int made = 0;
        RegistryRequestOptions options = new()
        {
            Body = () =>
            {
                made++;
                return new ByteArrayContent(ConnectorHarness.Manifest);
            },
            Headers = new Dictionary<string, string> { ["X-Test"] = "yes" },
        };

        using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Put, new Uri(transport.Base, "manifests/2"), options, ConnectorHarness.Stop);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        RegistryRequest[] sent = [.. _harness.Registry.Requests.Where(request => request.Method == "PUT")];
        Assert.Equal(made, sent.Length);
        Assert.Equal(4, made);
        Assert.All(sent, request => Assert.Equal(ConnectorHarness.Manifest, request.Body));
        Assert.All(sent, request => Assert.Equal("yes", request.Header("X-Test")));
    }

    [Fact]
    public async Task WhatMustNotBeSentTwice_ComesBackAtOnce()
    {
        _harness.Registry.Add(RegistryFault.Status(503));
        using RegistryTransport transport = OpenTransport(null);
        RegistryRequestOptions options = new() { Body = () => new ByteArrayContent([1]), MayRepeat = false };

        using HttpResponseMessage response = await transport.SendAsync(HttpMethod.Patch, new Uri(transport.Base, "blobs/uploads/x"), options, ConnectorHarness.Stop);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(_harness.Registry.Requests);
    }

    private RegistryTransport OpenTransport(RegistryCredential? credential)
    {
        RegistryEndpoint endpoint = new(_harness.Registry.Host, "some/image", IsPlain: true, IsInsecure: false);
        return new RegistryTransport(new RegistryConversation(endpoint, new SocketsHttpHandler { AllowAutoRedirect = false }, _ => Task.FromResult(new FoundLogin(credential)), new RetryPolicy(5, _harness.Clock)), []);
    }
}
