using System.Text.Json;
using System.Text.RegularExpressions;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Registry.Hosts;

/// <summary>
/// registries.json: an object whose members are prefixes of image names (docs/design/registries.md). It is read
/// strictly: a misspelt member must not leave a registry open that the user meant to block.
/// </summary>
internal sealed partial class RegistryRules
{
    private const int LargestFile = 1 << 20;
    private static readonly JsonDocumentOptions s_json = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = 8,
    };
    private readonly RegistryRule[] _rules;

    private RegistryRules(IEnumerable<RegistryRule> rules) => _rules = [.. rules.OrderByDescending(rule => rule.Prefix.Length)];

    /// <summary>Reads the file; no file is no rules.</summary>
    /// <exception cref="LayerImageException">RegistryConfigurationInvalid, with file and place.</exception>
    public static RegistryRules Read(string path)
    {
        try
        {
            FileInfo file = new(path);
            return !file.Exists ? new RegistryRules([])
                : file.Length > LargestFile ? throw Invalid(path, $"it has more than {LargestFile} bytes", null)
                : Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(path, "it cannot be read: " + e.Message, e);
        }
    }

    /// <summary>Parses the file's content.</summary>
    public static RegistryRules Parse(ReadOnlyMemory<byte> content, string path)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        try
        {
            using JsonDocument document = JsonDocument.Parse(content.Span.StartsWith(mark) ? content[3..] : content, s_json);
            JsonElement root = Expect(document.RootElement, JsonValueKind.Object, path, "the file");
            return new RegistryRules([.. root.EnumerateObject().Select(member => ParseRule(member, path))]);
        }
        catch (JsonException e)
        {
            throw Invalid(path, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message.Split(" Path:")[0].Split(" LineNumber:")[0]}", e);
        }
    }

    /// <summary>The rule with the longest prefix of a name (registry/repository), or null.</summary>
    public RegistryRule? Find(string name) => _rules.FirstOrDefault(rule => rule.Fits(name));

    private static RegistryRule ParseRule(JsonProperty member, string path)
    {
        string place = $"\"{member.Name}\"";
        RegistryRule rule = new(Location(member.Name, path, place));
        foreach (JsonProperty part in Expect(member.Value, JsonValueKind.Object, path, place).EnumerateObject())
        {
            string at = $"{place}.{part.Name}";
            rule = part.Name switch
            {
                "location" => rule with { Location = Location(Text(part.Value, path, at), path, at) },
                "mirrors" => rule with { Mirrors = ParseMirrors(part.Value, path, at) },
                "blocked" => rule with { IsBlocked = Flag(part.Value, path, at) },
                "insecure" => rule with { IsInsecure = Flag(part.Value, path, at) },
                _ => throw Invalid(path, $"{at} is not known; a registry has location, mirrors, blocked and insecure", null),
            };
        }
        return rule;
    }

    private static List<string> ParseMirrors(JsonElement value, string path, string place) =>
        [.. Expect(value, JsonValueKind.Array, path, place)
            .EnumerateArray()
            .Select((mirror, index) => Location(Text(mirror, path, $"{place}[{index}]"), path, $"{place}[{index}]"))];

    private static string Location(string text, string path, string place) => LocationText().IsMatch(text) ? text
        : throw Invalid(path, $"{place}: '{text}' is not host[:port][/path]; it has no https://, and no slash at its end", null);

    private static string Text(JsonElement value, string path, string place) => Expect(value, JsonValueKind.String, path, place).GetString()!;

    private static bool Flag(JsonElement value, string path, string place) =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Invalid(path, $"{place} must be true or false", null);

    private static JsonElement Expect(JsonElement value, JsonValueKind kind, string path, string place) =>
        value.ValueKind == kind
            ? value
            : throw Invalid(path, $"{place} must be {(kind == JsonValueKind.Object ? "an object" : kind == JsonValueKind.Array ? "a list" : "a text")}", null);

    private static LayerImageException Invalid(string path, string what, Exception? inner) =>
        new(EngineError.RegistryConfigurationInvalid, $"{path} is not valid: {what}.", inner)
        {
            Target = path,
            Advice = "Correct the file; about_LayerImage_Registries describes it.",
        };

    [GeneratedRegex(@"\A([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*\z")]
    private static partial Regex LocationText();
}
