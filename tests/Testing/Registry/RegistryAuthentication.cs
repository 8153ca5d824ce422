using System.Text;
using System.Text.Json.Nodes;

namespace LayerImage.Testing.Registry;

/// <summary>
/// Who may come in: with a password (Basic), or with a token of the server's own end point <c>/token</c> (Bearer, as
/// Docker Hub does it, where anyone gets a token to read).
/// </summary>
/// <param name="Scheme">"Basic" or "Bearer".</param>
/// <param name="User">The user's name; null with Bearer: anyone gets a token.</param>
/// <param name="Password">The password.</param>
public sealed record RegistryAuthentication(string Scheme, string? User = null, string? Password = null)
{
    private const string Service = "test-registry";
    private int _issued;
    private int _oldest = 1;

    /// <summary>The token end point's answer has "access_token" instead of "token" (OAuth 2's name).</summary>
    public bool UseOAuthName { get; init; }

    /// <summary>The user's identity token: given with a token when the client asks for one, taken in a POST instead of the password.</summary>
    public string? IdentityToken { get; init; }

    /// <summary>To who sends nothing the repositories answer with this status, without a challenge; only /v2/ asks for a password.</summary>
    public int? Hides { get; init; }

    /// <summary>The challenge does not say what a token is to allow.</summary>
    public bool NamesNoScope { get; init; }

    /// <summary>The token server answers 403 to a scope of this repository.</summary>
    public string? ForeignRepository { get; init; }

    /// <summary>Makes every token issued so far invalid.</summary>
    public void RevokeTokens() => _oldest = _issued + 1;

    internal RegistryResponse? Check(RegistryRequest request, string host)
    {
        string? authorization = request.Header("Authorization");
        if (request.Path == "/token")
        {
            return IssueToken(request, authorization);
        }
        bool allowed = Scheme == "Basic" ? authorization == BasicValue : IsToken(authorization);
        if (allowed)
        {
            return null;
        }
        if (Hides is int status && request.Path != "/v2/" && authorization is null)
        {
            return RegistryResponse.Error(status, status == 404 ? "NAME_UNKNOWN" : "DENIED", "there is no such repository, for you");
        }
        string challenge = Scheme == "Basic"
            ? $"Basic realm=\"{Service}\""
            : $"Bearer realm=\"http://{host}/token\",service=\"{Service}\"{(NamesNoScope ? "" : $",scope=\"{ScopeOf(request)}\"")}";
        return RegistryResponse.Error(401, "UNAUTHORIZED", "authentication required").With("WWW-Authenticate", challenge);
    }

    private string BasicValue => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));

    private RegistryResponse IssueToken(RegistryRequest request, string? authorization)
    {
        if (request.Method == "POST")
        {
            string form = Encoding.UTF8.GetString(request.Body);
            bool known = IdentityToken is not null && form.Contains("grant_type=refresh_token", StringComparison.Ordinal)
                && form.Contains($"refresh_token={IdentityToken}", StringComparison.Ordinal) && form.Contains($"service={Service}", StringComparison.Ordinal);
            if (!known)
            {
                return new RegistryResponse(400, Encoding.UTF8.GetBytes("""{"error":"invalid_grant"}"""), "application/json");
            }
        }
        else if ((User is not null && authorization != BasicValue) || request.Query.GetValueOrDefault("service") != Service)
        {
            return RegistryResponse.Error(401, "UNAUTHORIZED", "wrong user, password or service");
        }
        if (ForeignRepository is not null && request.ToString().Contains(Uri.EscapeDataString(ForeignRepository), StringComparison.Ordinal))
        {
            return RegistryResponse.Error(403, "DENIED", "that repository is not yours");
        }
        JsonObject document = new() { [UseOAuthName ? "access_token" : "token"] = $"token-{Interlocked.Increment(ref _issued)}", ["expires_in"] = 300 };
        if (IdentityToken is not null && request.Query.GetValueOrDefault("offline_token") == "true")
        {
            document["refresh_token"] = IdentityToken;
        }
        return new RegistryResponse(200, Encoding.UTF8.GetBytes(document.ToJsonString()), "application/json");
    }

    private bool IsToken(string? authorization) =>
        authorization?.Split("Bearer token-") is ["", string number] && int.TryParse(number, out int value) && value >= _oldest && value <= _issued;

    private static string ScopeOf(RegistryRequest request)
    {
        string[] parts = request.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int kind = Array.FindIndex(parts, part => part is "manifests" or "blobs" or "tags" or "referrers");
        string access = request.Method is "GET" or "HEAD" ? "pull" : "pull,push";
        string mounted = request.Query.TryGetValue("from", out string? from) ? $" repository:{from}:pull" : "";
        return kind < 2 ? "" : $"repository:{string.Join('/', parts[1..kind])}:{access}{mounted}";
    }
}
