using System.Net;
using System.Net.Http.Headers;
using LayerImage.Engine.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

/// <summary>What somebody else chose the address of gets no credentials, be it the registry itself.</summary>
public sealed class AnonymousRequestTests
{
    private static readonly Uri s_layer = new("https://registry.example/v2/some/image/blobs/layer");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Anonymous_SendsNoCredentials_NorAnswersAChallenge(bool isKnownAlready)
    {
        using Recorder registry = new();
        using RegistryConversation conversation = new(new RegistryEndpoint("registry.example", "some/image", IsPlain: false, IsInsecure: false), registry,
            _ => Task.FromResult(new FoundLogin(new RegistryCredential("user", "password"))), new RetryPolicy(0, new ImpatientClock()));
        if (isKnownAlready)
        {
            using HttpResponseMessage known = await conversation.SendAsync(HttpMethod.Get, s_layer, RegistryRequestOptions.None, ConnectorHarness.Stop);
            Assert.Equal((HttpStatusCode.OK, "Basic"), (known.StatusCode, registry.Seen[^1]?.Scheme));
            registry.Seen.Clear();
        }

        using HttpResponseMessage response = await conversation.SendAsync(HttpMethod.Get, s_layer, new RegistryRequestOptions { IsAnonymous = true }, ConnectorHarness.Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Null(Assert.Single(registry.Seen));
    }

    private sealed class Recorder : HttpMessageHandler
    {
        public List<AuthenticationHeaderValue?> Seen { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Seen.Add(request.Headers.Authorization);
            HttpResponseMessage response = new(request.Headers.Authorization is null ? HttpStatusCode.Unauthorized : HttpStatusCode.OK) { RequestMessage = request };
            response.Headers.WwwAuthenticate.Add(new AuthenticationHeaderValue("Basic", "realm=\"registry\""));
            return Task.FromResult(response);
        }
    }
}
