using System.Text.Json;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Oci;

/// <summary>
/// Changes a configuration as docker's <c>--change</c> does (moby, builder/dockerfile: BuildFromConfig): instructions of
/// a Dockerfile, one each, in their order; variables in them are those of the configuration so far.
/// </summary>
internal static class ConfigChange
{
    private static readonly string[] s_defaultShell = ["/bin/sh", "-c"];

    /// <summary>Applies changes in their order.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: one is not an instruction that can be applied.</exception>
    public static ExecutionConfig Apply(ExecutionConfig config, IEnumerable<string> changes)
    {
        bool hasCommand = false;
        foreach (ChangeLine change in ChangeLine.Read(changes))
        {
            config = change.Rest.Length > 0 ? Apply(config, change, hasCommand) : throw change.Invalid($"{change.Instruction} needs an argument");
            hasCommand |= change.Instruction == "CMD" && config.Cmd?.Count > 0;
        }
        return config;
    }

    private static ExecutionConfig Apply(ExecutionConfig config, ChangeLine change, bool hasCommand)
    {
        ChangeWords words = new(change, config.Env ?? []);
        return change.Instruction switch
        {
            "CMD" => config with { Cmd = Command(config, change) },
            // An entry point makes another program of the image: the old one's arguments are not its own.
            "ENTRYPOINT" => config with { Entrypoint = Command(config, change), Cmd = hasCommand ? config.Cmd : null },
            "ENV" => config with { Env = words.Pairs().Aggregate(config.Env ?? [], Set) },
            "EXPOSE" => config with { ExposedPorts = With(config.ExposedPorts, words.Split().SelectMany(port => Ports(port.Text, port.At, change))) },
            "LABEL" => config with { Labels = Label(config.Labels, words.Pairs()) },
            "USER" => config with { User = words.One() },
            "VOLUME" => config with { Volumes = With(config.Volumes, Volumes(words, change)) },
            "WORKDIR" =>
                config with
                {
                    WorkingDir = Resolve(
                        config.WorkingDir,
                        words.One() is { Length: > 0 } path ? path : throw change.Invalid("the path is empty", change.RestAt)),
                },
            "STOPSIGNAL" => config with { StopSignal = Signal(words.One(), change) },
            "ONBUILD" => config with { Unknown = WithTrigger(config.Unknown, change) },
            "HEALTHCHECK" => config with { Unknown = new(config.Unknown ?? []) { ["Healthcheck"] = HealthcheckChange.Parse(change) } },
            _ => throw change.Invalid($"{change.Instruction} is not one of the instructions that change a configuration", 0),
        };
    }

    /// <summary>
    /// The exec form (a JSON array of texts), or null when it is the shell form, which all is that is no JSON.
    /// </summary>
    /// <exception cref="LayerImageException">ParameterInvalid: an array of something else.</exception>
    public static IReadOnlyList<string>? ExecForm(string text, ChangeLine change)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }
        try
        {
            using JsonDocument array = JsonDocument.Parse(text);
            return array.RootElement.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. array.RootElement.EnumerateArray().Select(item => item.GetString()!)]
                : throw change.Invalid("an array of anything but texts is no command", change.Text.IndexOf('[', StringComparison.Ordinal));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> Command(ExecutionConfig config, ChangeLine change)
    {
        string[]? shell = config.Unknown?.GetValueOrDefault("Shell") is { ValueKind: JsonValueKind.Array } own
            ? own.Deserialize(OciJsonContext.Default.StringArray)
            : null;
        return ExecForm(change.Rest, change) ?? [.. shell ?? s_defaultShell, change.Rest];
    }

    private static IReadOnlyList<string> Set(IReadOnlyList<string> environment, (string Name, string Value) variable)
    {
        string assignment = $"{variable.Name}={variable.Value}";
        bool isKnown = environment.Any(IsSame);
        return isKnown ? [.. environment.Select(old => IsSame(old) ? assignment : old)] : [.. environment, assignment];

        bool IsSame(string old) => old.StartsWith(variable.Name + "=", StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Label(IReadOnlyDictionary<string, string>? labels, IEnumerable<(string Name, string Value)> added)
    {
        Dictionary<string, string> all = new(labels ?? new Dictionary<string, string>());
        foreach ((string name, string value) in added)
        {
            all[name] = value;
        }
        return all;
    }

    private static Dictionary<string, EmptyObject> With(IReadOnlyDictionary<string, EmptyObject>? set, IEnumerable<string> added) =>
        (set?.Keys ?? []).Concat(added).Distinct().Order(StringComparer.Ordinal).ToDictionary(key => key, _ => new EmptyObject());

    private static IEnumerable<string> Ports(string text, int at, ChangeLine change)
    {
        string[] parts = text.Split('/');
        string protocol = parts.Length == 2 ? parts[1].ToLowerInvariant() : "tcp";
        string[] ends = parts[0].Split('-');
        if (parts.Length > 2 || protocol is not ("tcp" or "udp" or "sctp") || ends.Length > 2
            || !ushort.TryParse(ends[0], out ushort first) || !ushort.TryParse(ends[^1], out ushort last) || first == 0 || last < first)
        {
            throw change.Invalid($"'{text}' is not port[-port][/tcp|udp|sctp]", at);
        }
        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}");
    }

    private static IEnumerable<string> Volumes(ChangeWords words, ChangeLine change)
    {
        IEnumerable<string> volumes = ExecForm(change.Rest, change)?.Select(words.Expand) ?? words.Split().Select(word => word.Text);
        return volumes.Select(volume => volume.Trim().Length > 0 ? volume.Trim() : throw change.Invalid("a volume has no name", change.RestAt));
    }

    private static string Resolve(string? current, string path)
    {
        Stack<string> parts = new();
        string whole = path.StartsWith('/') ? path : $"{current}/{path}";
        foreach (string part in whole.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                _ = parts.TryPop(out _);
            }
            else if (part != ".")
            {
                parts.Push(part);
            }
        }
        return "/" + string.Join('/', parts.Reverse());
    }

    private static string Signal(string text, ChangeLine change) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '-')
            ? text
            : throw change.Invalid($"'{text}' is not a signal", change.RestAt);

    private static Dictionary<string, JsonElement> WithTrigger(Dictionary<string, JsonElement>? members, ChangeLine change)
    {
        string trigger = change.Rest;
        string instruction = trigger.Split((char[]?)null, 2)[0].ToUpperInvariant();
        if (instruction is "ONBUILD" or "FROM" or "MAINTAINER")
        {
            throw change.Invalid($"{instruction} cannot be a trigger", change.RestAt);
        }
        string[] before = members?.GetValueOrDefault("OnBuild") is { ValueKind: JsonValueKind.Array } known
            ? known.Deserialize(OciJsonContext.Default.StringArray) ?? []
            : [];
        return new(members ?? []) { ["OnBuild"] = JsonSerializer.SerializeToElement([.. before, trigger], OciJsonContext.Default.StringArray) };
    }
}
