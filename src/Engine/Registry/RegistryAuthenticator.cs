using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>
/// Answers a registry's challenge: Basic, or a Bearer token from the realm it names (distribution, "Token
/// Authentication"). Holds the last answer for further requests. Thread-safe.
/// </summary>
internal sealed class RegistryAuthenticator(HttpClient http, RegistryCredential? credential) : IDisposable
{
    private const int LargestToken = 1 << 20;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile AuthenticationHeaderValue? _header;

    /// <summary>The header for the next request, or null.</summary>
    public AuthenticationHeaderValue? Header => _header;

    /// <summary>Gets an answer to a 401; false when there is none to give.</summary>
    public async Task<bool> AnswerAsync(HttpResponseMessage refusal, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_header is not null && !Equals(_header, refused))
            {
                return true; // Another request has already renewed it.
            }
            foreach (AuthenticationHeaderValue value in refusal.Headers.WwwAuthenticate)
            {
                AuthenticationChallenge challenge = AuthenticationChallenge.Parse(value.Scheme, value.Parameter);
                if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
                {
                    _header = new AuthenticationHeaderValue("Bearer", await GetTokenAsync(challenge, refusal.RequestMessage!.RequestUri!, cancellationToken).ConfigureAwait(false));
                    return !Equals(_header, refused);
                }
                if (value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && credential is not null)
                {
                    _header = Basic(credential);
                    return !Equals(_header, refused);
                }
            }
            return false;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}")));

    private async Task<string> GetTokenAsync(AuthenticationChallenge challenge, Uri registry, CancellationToken cancellationToken)
    {
        if (!challenge.Parameters.TryGetValue("realm", out string? realm) || !Uri.TryCreate(realm, UriKind.Absolute, out Uri? address)
            || !(address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback)))
        {
            throw new LayerImageException(EngineError.RegistryProtocolError, $"The registry {registry.Authority} asks for a token from '{realm}', which is no HTTPS address.") { Target = registry.Authority };
        }
        StringBuilder query = new(address.Query.TrimStart('?'));
        foreach (string name in (string[])["service", "scope"])
        {
            if (challenge.Parameters.TryGetValue(name, out string? value))
            {
                query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }
        using HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(address) { Query = query.ToString() }.Uri);
        request.Headers.Authorization = credential is null ? null : Basic(credential);
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            throw RegistryErrors.Unauthorized(registry, credential is not null);
        }
        if (!response.IsSuccessStatusCode)
        {
            throw new LayerImageException(EngineError.RegistryProtocolError, $"The token server {address.Authority} answered {(int)response.StatusCode}.") { Target = registry.Authority };
        }
        byte[] body = await BoundedBody.ReadAsync(response, LargestToken, new RetryPolicy(0, TimeProvider.System), cancellationToken).ConfigureAwait(false);
        return ReadToken(body) ?? throw new LayerImageException(EngineError.RegistryProtocolError, $"The token server {address.Authority} sent no token.") { Target = registry.Authority };
    }

    private static string? ReadToken(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            foreach (string name in (string[])["token", "access_token"])
            {
                if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out JsonElement token) && token.ValueKind == JsonValueKind.String)
                {
                    // Visible ASCII (RFC 6750, 2.1): a line break would begin a header of the server's choice.
                    return token.GetString() is { Length: > 0 } text && text.All(c => c is > ' ' and < '\x7f') ? text : null;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text that is no Unicode: no token.
        }
        return null;
    }
}
