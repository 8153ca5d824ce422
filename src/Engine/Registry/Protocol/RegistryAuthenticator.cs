using System.Net;
using System.Net.Http.Headers;
using System.Text;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>Sends a request to a token server, with the retries that a registry's requests have.</summary>
internal delegate Task<HttpResponseMessage> TokenRequestSender(Func<HttpRequestMessage> request, Uri server, CancellationToken cancellationToken);

/// <summary>
/// Answers a registry's challenge: Basic, or a Bearer token from the realm it names (distribution, "Token
/// Authentication" and "OAuth 2"). Holds the last answer for further requests; a token that ran out is refused and
/// then renewed. Thread-safe.
/// </summary>
/// <param name="send">Sends to the token server.</param>
/// <param name="login">Finds the user's name and password.</param>
/// <param name="allowPlain">The user gave up TLS for the registry, and with it for its token server.</param>
internal sealed class RegistryAuthenticator(TokenRequestSender send, RegistryLoginSource login, bool allowPlain) : IDisposable
{
    private const int LargestToken = 1 << 20;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile AuthenticationHeaderValue? _header;
    private volatile FoundLogin? _found;

    /// <summary>The header for the next request, or null.</summary>
    public AuthenticationHeaderValue? Header => _header;

    /// <summary>Whether a user name and password, or an identity token, were used.</summary>
    public bool HasCredential => _found?.Credential is not null;

    /// <summary>Asks the token server for an identity token too, to store it instead of the password.</summary>
    public bool AsksForIdentityToken { get; init; }

    /// <summary>The identity token that the token server gave, or null.</summary>
    public string? IdentityToken { get; private set; }

    /// <summary>Gets an answer to a 401; false when there is none to give.</summary>
    /// <param name="refusal">The answer that refuses.</param>
    /// <param name="refused">The header that was refused, or null.</param>
    /// <param name="scope">What a token is for where the challenge does not say; null for nothing in particular.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> AnswerAsync(HttpResponseMessage refusal, AuthenticationHeaderValue? refused, string? scope, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_header is not null && !Equals(_header, refused))
            {
                return true; // Another request has already renewed it.
            }
            FoundLogin found = _found ??= await login(cancellationToken).ConfigureAwait(false);
            Uri registry = refusal.RequestMessage!.RequestUri!;
            foreach (AuthenticationHeaderValue value in refusal.Headers.WwwAuthenticate)
            {
                if (value.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
                {
                    AuthenticationChallenge challenge = AuthenticationChallenge.Parse(value.Scheme, value.Parameter);
                    _header = new AuthenticationHeaderValue(
                        "Bearer", await GetTokenAsync(challenge, registry, found, scope, cancellationToken).ConfigureAwait(false));
                    return !Equals(_header, refused);
                }
                if (value.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && found.Credential is { IdentityToken: null })
                {
                    _header = Basic(found.Credential);
                    return !Equals(_header, refused);
                }
            }
            return found.Problem is null ? false : throw RegistryErrors.Unauthorized(registry, hadCredential: false, found.Problem);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Whether there is anybody to tell the registry of.</summary>
    public async Task<bool> KnowsUserAsync(CancellationToken cancellationToken) =>
        (_found ??= await login(cancellationToken).ConfigureAwait(false)).Credential is not null;

    public void Dispose() => _gate.Dispose();

    internal static AuthenticationHeaderValue Basic(RegistryCredential credential) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}")));

    private async Task<string> GetTokenAsync(
        AuthenticationChallenge challenge,
        Uri registry,
        FoundLogin found,
        string? scope,
        CancellationToken cancellationToken)
    {
        TokenRequest request = TokenRequest.For(challenge, scope, registry, found.Credential, AsksForIdentityToken, allowPlain);
        using HttpResponseMessage response = await send(request.Compose, request.Server, cancellationToken).ConfigureAwait(false);
        // 400 is OAuth 2's answer to a token that has run out or was withdrawn (RFC 6749, 5.2).
        if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            || (response.StatusCode == HttpStatusCode.BadRequest && found.Credential?.IdentityToken is not null))
        {
            throw RegistryErrors.Unauthorized(registry, found.Credential is not null, found.Problem);
        }
        string server = request.Server.Authority;
        if (!response.IsSuccessStatusCode)
        {
            EngineError error = response.StatusCode is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError
                ? EngineError.RegistryUnreachable
                : EngineError.RegistryProtocolError;
            throw new LayerImageException(
                error,
                $"The token server {server} of the registry {registry.Authority} answered {(int)response.StatusCode}.") { Target = registry.Authority };
        }
        byte[] body = await BoundedBody.ReadAsync(response, LargestToken, cancellationToken).ConfigureAwait(false);
        (string? token, string? identity) = TokenRequest.ReadAnswer(body);
        IdentityToken = identity ?? IdentityToken;
        return token
            ?? throw new LayerImageException(EngineError.RegistryProtocolError,
                $"The token server {server} of the registry {registry.Authority} sent no token.") { Target = registry.Authority };
    }
}
