using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;

namespace LayerImage.Engine.Registry.Credentials;

/// <summary>
/// docker's config.json, or podman's auth.json (containers-auth.json(5)), which has the same form: "auths" by key,
/// "credsStore" and "credHelpers". Members that are not the engine's stay as they are.
/// </summary>
internal sealed class LoginFile
{
    private const int LargestFile = 4 << 20;
    private static readonly JsonDocumentOptions s_json = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private readonly JsonObject _root;

    private LoginFile(string path, JsonObject root)
    {
        Path = path;
        _root = root;
    }

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The log-ins that are in the file itself, by name.</summary>
    public IEnumerable<(string Name, RegistryCredential Credential)> Logins => Members("auths")
        .Select(member => (LoginName.Of(member.Key), Credential: Decode(member.Value)))
        .Where(login => login.Credential is not null).Select(login => (login.Item1, login.Credential!));

    /// <summary>The names that the file has something for, in itself or in a helper.</summary>
    public IEnumerable<string> Names => Members("auths").Concat(Members("credHelpers")).Select(member => LoginName.Of(member.Key)).Distinct();

    /// <summary>The helper for every registry that has none of its own, or null.</summary>
    public string? Store => Text(_root, "credsStore");

    /// <summary>The helpers of single registries, by name.</summary>
    public IEnumerable<(string Name, string Helper)> Helpers => Members("credHelpers")
        .Where(member => member.Value?.GetValueKind() == JsonValueKind.String && member.Value.GetValue<string>().Length > 0)
        .Select(member => (LoginName.Of(member.Key), member.Value!.GetValue<string>()));

    /// <summary>The helper that a registry's log-in is with, or null: it is in the file.</summary>
    public string? HelperOf(string registry) => Helpers.FirstOrDefault(helper => helper.Name == registry).Helper ?? Store;

    /// <summary>Reads a file; one that is missing or empty has no log-ins.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid, with file and place, never with its content.</exception>
    public static LoginFile Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Length > LargestFile)
            {
                throw Invalid(path, "it is too large", null);
            }
            string text = file.Exists ? File.ReadAllText(path) : "";
            JsonNode? root = string.IsNullOrWhiteSpace(text) ? new JsonObject() : JsonNode.Parse(text, null, s_json);
            return root is JsonObject document ? new LoginFile(path, document) : throw Invalid(path, "it is no JSON object", null);
        }
        catch (JsonException e)
        {
            // Without the parser's words, which quote the file.
            throw Invalid(path, $"it is no JSON from line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1} on", null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, "it cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Keeps a log-in; without a credential, that a helper has it (an empty entry, as docker writes it).</summary>
    public void Set(string registry, RegistryCredential? credential)
    {
        Remove(registry);
        JsonObject entry = [];
        if (credential is not null)
        {
            entry["auth"] = Convert.ToBase64String(
                Encoding.UTF8.GetBytes($"{credential.UserName}:{(credential.IdentityToken is null ? credential.Password : "")}"));
            if (credential.IdentityToken is string token)
            {
                entry["identitytoken"] = token;
            }
        }
        if (_root["auths"] is not JsonObject auths)
        {
            _root["auths"] = auths = [];
        }
        auths[LoginName.KeyOf(registry)] = entry;
    }

    /// <summary>Forgets a log-in, under each key that names it; false when there was none.</summary>
    public bool Remove(string registry)
    {
        JsonObject? auths = _root["auths"] as JsonObject;
        string[] keys = [.. (auths ?? []).Select(member => member.Key).Where(key => LoginName.Of(key) == registry)];
        foreach (string key in keys)
        {
            auths!.Remove(key);
        }
        return keys.Length > 0;
    }

    /// <summary>Writes it, for nobody else to read; another user's keeps its owner and mode. A symbolic link stays one: what it leads to is written.</summary>
    public void Write()
    {
        string folder = System.IO.Path.GetDirectoryName(Path)!;
        if (!Directory.Exists(folder) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        Directory.CreateDirectory(folder);
        string target = new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
        using MemoryStream text = new();
        // As docker writes it: tabs, and no escapes that JSON does not need.
        using (Utf8JsonWriter writer = new(
            text,
            new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            _root.WriteTo(writer);
        }
        AtomicFile.WriteKeepingOwner(target, text.ToArray());
    }

    private IEnumerable<KeyValuePair<string, JsonNode?>> Members(string name) => _root[name] as JsonObject ?? [];

    private static RegistryCredential? Decode(JsonNode? node)
    {
        if (node is not JsonObject entry)
        {
            return null;
        }
        string user = Text(entry, "username") ?? "", password = Text(entry, "password") ?? "";
        byte[] decoded = new byte[(Text(entry, "auth")?.Length ?? 0) + 3];
        if (Text(entry, "auth") is string auth && Convert.TryFromBase64String(auth, decoded, out int length)
            && Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2) is [string name, string secret])
        {
            (user, password) = (name, secret.Trim('\0'));
        }
        string? token = Text(entry, "identitytoken");
        return token is null && (user.Length == 0 || password.Length == 0) ? null : new RegistryCredential(user, password) { IdentityToken = token };
    }

    private static string? Text(JsonObject from, string name) =>
        from[name] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    private static LayerImageException Invalid(string path, string what, Exception? inner) =>
        new(EngineError.RegistryConfigurationInvalid, $"The log-ins in {path} cannot be used: {what}.", inner)
        {
            Target = path,
            Advice = "Correct the file, or move it away and log in again.",
        };
}
