using System.Text.Json;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>What a docker archive with one image says: its configuration's members, its last history entry, its last layer's entries.</summary>
internal sealed record CommittedView
{
    private static readonly string[] s_members = ["User", "ExposedPorts", "Env", "Cmd", "Entrypoint", "Labels", "WorkingDir", "StopSignal", "Volumes", "Healthcheck", "OnBuild"];

    /// <summary>By name: the JSON, objects' members sorted; what is empty is left out.</summary>
    public required SortedDictionary<string, string> Config { get; init; }

    public required SortedDictionary<string, string> History { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>"mode owner size name" of each entry, without times.</summary>
    public required string[] Entries { get; init; }

    public static async Task<CommittedView> ReadAsync(string archive)
    {
        using TempFolder folder = new("committed-view-");
        await ImageHarness.ShellAsync($"tar -xf '{archive}' -C '{folder.Root}'");
        using JsonDocument manifest = JsonDocument.Parse(await File.ReadAllTextAsync(folder["manifest.json"], ImageHarness.Stop));
        JsonElement image = manifest.RootElement[0], layers = image.GetProperty("Layers");
        using JsonDocument config = JsonDocument.Parse(await File.ReadAllTextAsync(folder[image.GetProperty("Config").GetString()!], ImageHarness.Stop));
        string list = await ImageHarness.ShellAsync($"tar --numeric-owner -tvf '{folder[layers[layers.GetArrayLength() - 1].GetString()!]}'");
        return new CommittedView
        {
            Config = Members(config.RootElement.GetProperty("config"), s_members),
            History = Members(config.RootElement.GetProperty("history").EnumerateArray().Last(), ["created_by", "author", "comment", "empty_layer"]),
            LayerCount = layers.GetArrayLength(),
            Entries = [.. list.Split('\n').Select(Entry).Where(entry => !entry.EndsWith(" ./", StringComparison.Ordinal) && !entry.EndsWith(" /", StringComparison.Ordinal)).Order(StringComparer.Ordinal)],
        };
    }

    // The order of an environment is not the same: docker has the user's variables first.
    private static IEnumerable<string> Items(JsonElement list) => list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Contains('=', StringComparison.Ordinal))
        ? list.EnumerateArray().Select(Text).Order(StringComparer.Ordinal) : list.EnumerateArray().Select(Text);

    private static SortedDictionary<string, string> Members(JsonElement element, string[] names)
    {
        SortedDictionary<string, string> members = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (element.TryGetProperty(name, out JsonElement value) && Text(value) is string text and not ("null" or "{}" or "[]" or "\"\""))
            {
                members[name] = text;
            }
        }
        return members;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? "{" + string.Join(',', value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"{member.Name}:{Text(member.Value)}")) + "}"
        : value.ValueKind == JsonValueKind.Array ? "[" + string.Join(',', Items(value)) + "]" : value.ToString() is string text && value.ValueKind == JsonValueKind.String ? $"\"{text}\"" : value.GetRawText();

    // -rw-r--r-- 0/0   3 2020-01-01 00:00 name
    private static string Entry(string line)
    {
        string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        string name = fields[5].StartsWith("./", StringComparison.Ordinal) && fields[5].Length > 2 ? fields[5][2..] : fields[5];
        // Of a mark of deletion only the name means anything: docker gives it the mode 0600, we none.
        return Path.GetFileName(name).StartsWith(".wh.", StringComparison.Ordinal) ? name : $"{fields[0]} {fields[1]} {fields[2]} {name.Replace("link to ./", "link to ", StringComparison.Ordinal)}";
    }
}
