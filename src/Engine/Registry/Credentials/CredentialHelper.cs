using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Registry.Credentials;

/// <summary>
/// A program docker-credential-NAME that keeps log-ins in a key chain (docker-credential-helpers): store, get, list and
/// erase, with everything on its standard input. Nothing secret is ever an argument or part of an error.
/// </summary>
/// <param name="environment">Finds the program.</param>
/// <param name="name">The helper's name: "pass", "secretservice".</param>
internal sealed class CredentialHelper(RegistryEnvironment environment, string name)
{
    // With this name the secret is an identity token.
    private const string TokenUser = "<token>";
    private const string NotFound = "credentials not found in native keychain";

    /// <summary>A user as helpers list them, without the secret.</summary>
    public static RegistryCredential Named(string user) =>
        user == TokenUser ? new RegistryCredential("", "") { IdentityToken = "" } : new RegistryCredential(user, "");

    /// <summary>Asks the helper for a log-in; null when it has none.</summary>
    /// <exception cref="LayerImageException">CredentialHelperFailed.</exception>
    public async Task<RegistryCredential?> GetAsync(string key, CancellationToken cancellationToken)
    {
        ProcessResult result = await RunAsync("get", key, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            return result.Output.Trim() == NotFound ? null : throw Failed("get", result, secret: null);
        }
        JsonObject answer = ParseObject("get", result.Output);
        string user = Text(answer, "Username"), secret = Text(answer, "Secret");
        return secret.Length == 0 ? null : user == TokenUser ? new RegistryCredential("", "") { IdentityToken = secret } : new RegistryCredential(user, secret);
    }

    /// <summary>Gives the helper a log-in to keep.</summary>
    /// <exception cref="LayerImageException">CredentialHelperFailed.</exception>
    public async Task StoreAsync(string key, RegistryCredential credential, CancellationToken cancellationToken)
    {
        string secret = credential.IdentityToken ?? credential.Password;
        JsonObject login = new()
        {
            ["ServerURL"] = key,
            ["Username"] = credential.IdentityToken is null ? credential.UserName : TokenUser,
            ["Secret"] = secret,
        };
        ProcessResult result = await RunAsync("store", ToText(login), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw Failed("store", result, secret);
        }
    }

    /// <summary>Forgets a log-in; whether there was one is not told by every helper.</summary>
    /// <exception cref="LayerImageException">CredentialHelperFailed.</exception>
    public async Task EraseAsync(string key, CancellationToken cancellationToken)
    {
        ProcessResult result = await RunAsync("erase", key, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0 && result.Output.Trim() != NotFound)
        {
            throw Failed("erase", result, secret: null);
        }
    }

    /// <summary>The keys that it has, with their users.</summary>
    /// <exception cref="LayerImageException">CredentialHelperFailed.</exception>
    public async Task<IReadOnlyList<(string Key, string User)>> ListAsync(CancellationToken cancellationToken)
    {
        ProcessResult result = await RunAsync("list", "", cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            ? [.. ParseObject("list", result.Output)
                .Where(member => member.Value?.GetValueKind() == JsonValueKind.String)
                .Select(member => (member.Key, member.Value!.GetValue<string>()))]
            : throw Failed("list", result, secret: null);
    }

    private async Task<ProcessResult> RunAsync(string verb, string input, CancellationToken cancellationToken)
    {
        string program = $"docker-credential-{name}";
        // The name comes from a file: it must not lead to a program elsewhere.
        string path = (name.AsSpan().IndexOfAny('/', '\\') < 0 ? environment.FindProgram(program) : null)
            ?? throw Failed(verb, "it is not on the PATH", null);
        try
        {
            return await ProcessRunner.RunAsync([path, verb], input, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            throw Failed(verb, e.Message, e);
        }
    }

    private JsonObject ParseObject(string verb, string text)
    {
        try
        {
            return JsonNode.Parse(text, null, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 }) as JsonObject
                ?? throw Failed(verb, "its answer is no JSON object", null);
        }
        catch (JsonException)
        {
            throw Failed(verb, "its answer is no JSON", null); // The parser's words quote the answer.
        }
    }

    // Helpers write their reasons to standard output, where the secrets go too: only a line that can be none is shown.
    private LayerImageException Failed(string verb, ProcessResult result, string? secret)
    {
        string words = (string.IsNullOrWhiteSpace(result.Output) ? result.Error : result.Output).Trim().ReplaceLineEndings(" ");
        bool mayTell = words.Length is > 0 and < 300
            && !words.Contains('{', StringComparison.Ordinal)
            && (string.IsNullOrEmpty(secret) || !words.Contains(secret, StringComparison.Ordinal));
        return Failed(verb, $"it ended with {result.ExitCode}{(mayTell ? ": " + words : "")}", null);
    }

    private LayerImageException Failed(string verb, string why, Exception? inner) =>
        new(EngineError.CredentialHelperFailed, $"The credential helper docker-credential-{name} could not {verb}: {why}.", inner)
        {
            Target = name,
            Advice = $"Install or repair the helper, or take it out of {environment.DockerFile} (credsStore, credHelpers).",
        };

    private static string Text(JsonObject from, string member) => from[member] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static string ToText(JsonObject document)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            document.WriteTo(writer);
        }
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }
}
