using System.Text;
using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry;

/// <summary>
/// A request to a token server: GET with the user's name and password, or nobody's, as query and Basic; POST as
/// OAuth 2's refresh when the user has an identity token.
/// </summary>
internal sealed class TokenRequest
{
    private const string ClientId = "layerimage";
    private readonly List<KeyValuePair<string, string>> _parameters = [];
    private readonly RegistryCredential? _credential;

    private TokenRequest(Uri server, RegistryCredential? credential)
    {
        Server = server;
        _credential = credential;
    }

    /// <summary>The token server's address, from the challenge.</summary>
    public Uri Server { get; }

    /// <summary>Makes the request that a challenge asks for; <paramref name="scope"/> where it does not name one itself.</summary>
    /// <exception cref="LayerImageException">RegistryProtocolError: the challenge names no address that a password may be sent to.</exception>
    public static TokenRequest For(
        AuthenticationChallenge challenge,
        string? scope,
        Uri registry,
        RegistryCredential? credential,
        bool asksForIdentityToken,
        bool allowPlain)
    {
        if (!challenge.Parameters.TryGetValue("realm", out string? realm) || !Uri.TryCreate(realm, UriKind.Absolute, out Uri? server)
            || !(server.Scheme == "https" || (server.Scheme == "http" && (server.IsLoopback || allowPlain))))
        {
            throw new LayerImageException(EngineError.RegistryProtocolError,
                $"The registry {registry.Authority} asks for a token from '{realm}', which is no HTTPS address.") { Target = registry.Authority };
        }
        TokenRequest request = new(server, credential);
        if (challenge.Parameters.TryGetValue("service", out string? service))
        {
            request.Add("service", service);
        }
        if (credential?.IdentityToken is string identity)
        {
            request.Add("grant_type", "refresh_token");
            request.Add("client_id", ClientId);
            request.Add("refresh_token", identity);
        }
        else if (asksForIdentityToken)
        {
            request.Add("client_id", ClientId);
            request.Add("offline_token", "true");
            request.Add("account", credential?.UserName ?? "");
        }
        request.AddScopes(challenge.Parameters.GetValueOrDefault("scope") is { Length: > 0 } named ? named : scope);
        return request;
    }

    /// <summary>The request, anew for each try.</summary>
    public HttpRequestMessage Compose()
    {
        if (_credential?.IdentityToken is not null)
        {
            return new HttpRequestMessage(HttpMethod.Post, Server) { Content = new FormUrlEncodedContent(_parameters) };
        }
        StringBuilder query = new(Server.Query.TrimStart('?'));
        foreach ((string name, string value) in _parameters)
        {
            query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }
        HttpRequestMessage request = new(HttpMethod.Get, new UriBuilder(Server) { Query = query.ToString() }.Uri);
        request.Headers.Authorization = _credential is null ? null : RegistryAuthenticator.Basic(_credential);
        return request;
    }

    /// <summary>The token, and the identity token where one was asked for; null where the answer has none that can be used.</summary>
    public static (string? Token, string? IdentityToken) ReadAnswer(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                ? (Text(root, "token") ?? Text(root, "access_token"), Text(root, "refresh_token"))
                : (null, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, null); // Not JSON, or not text: no token.
        }
    }

    // It goes into a header: only what may stand there (RFC 6750, 2.1) is a token.
    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            && text.All(character => character is > ' ' and < '\x7f') ? text : null;

    // One parameter for each in a query (distribution, "Token Authentication"), all in one for OAuth 2.
    private void AddScopes(string? scopes)
    {
        if (string.IsNullOrEmpty(scopes))
        {
            return;
        }
        foreach (string scope in _credential?.IdentityToken is null ? scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [scopes])
        {
            Add("scope", scope);
        }
    }

    private void Add(string name, string value) => _parameters.Add(new(name, value));
}
