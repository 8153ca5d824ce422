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
        foreach (string change in changes)
        {
            string[] parts = change.Trim().Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
            {
                continue;
            }
            string instruction = parts[0].ToUpperInvariant();
            string rest = parts.Length == 2 ? parts[1].Trim() : throw Invalid(change, $"{instruction} needs an argument");
            config = Apply(config, instruction, rest, change, hasCommand);
            hasCommand |= instruction == "CMD";
        }
        return config;
    }

    /// <summary>The failure to apply a change.</summary>
    public static LayerImageException Invalid(string change, string why) => new(EngineError.ParameterInvalid, $"The change '{change}' cannot be applied: {why}.")
    { Target = change, Advice = "Write one instruction of a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR." };

    private static ExecutionConfig Apply(ExecutionConfig config, string instruction, string rest, string change, bool hasCommand)
    {
        ChangeWords words = new(change, config.Env ?? []);
        return instruction switch
        {
            "CMD" => config with { Cmd = Command(config, rest) },
            // An entry point makes another program of the image: the old one's arguments are not its own.
            "ENTRYPOINT" => config with { Entrypoint = Command(config, rest), Cmd = hasCommand ? config.Cmd : null },
            "ENV" => config with { Env = words.Pairs(rest).Aggregate(config.Env ?? [], Set) },
            "EXPOSE" => config with { ExposedPorts = With(config.ExposedPorts, words.Split(rest).SelectMany(port => Ports(port, change))) },
            "LABEL" => config with { Labels = Label(config.Labels, words.Pairs(rest)) },
            "USER" => config with { User = words.One(rest) },
            "VOLUME" => config with { Volumes = With(config.Volumes, Volumes(rest, words, change)) },
            "WORKDIR" => config with { WorkingDir = Resolve(config.WorkingDir, words.One(rest)) },
            "STOPSIGNAL" => config with { StopSignal = Signal(words.One(rest), change) },
            "ONBUILD" => config with { Unknown = WithTrigger(config.Unknown, rest, change) },
            "HEALTHCHECK" => config with { Unknown = new(config.Unknown ?? []) { ["Healthcheck"] = HealthcheckChange.Parse(rest, change) } },
            _ => throw Invalid(change, $"{instruction} is not one of the instructions that change a configuration"),
        };
    }

    /// <summary>The exec form (a JSON array of texts), or null when it is the shell form.</summary>
    public static IReadOnlyList<string>? ExecForm(string text)
    {
        if (!text.StartsWith('['))
        {
            return null;
        }
        try
        {
            string?[]? words = JsonSerializer.Deserialize(text, OciJsonContext.Default.StringArray);
            return words is null || words.Contains(null) ? null : [.. words.OfType<string>()];
        }
        catch (JsonException)
        {
            return null; // docker, too, gives it to the shell then
        }
    }

    private static IReadOnlyList<string> Command(ExecutionConfig config, string rest)
    {
        string[]? shell = config.Unknown?.GetValueOrDefault("Shell") is { ValueKind: JsonValueKind.Array } own ? own.Deserialize(OciJsonContext.Default.StringArray) : null;
        return ExecForm(rest) ?? [.. shell ?? s_defaultShell, rest];
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

    private static IEnumerable<string> Ports(string text, string change)
    {
        string[] parts = text.Split('/');
        string protocol = parts.Length == 2 ? parts[1].ToLowerInvariant() : "tcp";
        string[] ends = parts[0].Split('-');
        if (parts.Length > 2 || protocol is not ("tcp" or "udp" or "sctp") || ends.Length > 2
            || !ushort.TryParse(ends[0], out ushort first) || !ushort.TryParse(ends[^1], out ushort last) || first == 0 || last < first)
        {
            throw Invalid(change, $"'{text}' is not port[-port][/tcp|udp|sctp]");
        }
        return Enumerable.Range(first, last - first + 1).Select(port => $"{port}/{protocol}");
    }

    private static IEnumerable<string> Volumes(string rest, ChangeWords words, string change)
    {
        IEnumerable<string> volumes = ExecForm(rest) ?? words.Split(rest);
        return volumes.Select(volume => volume.Trim().Length > 0 ? volume.Trim() : throw Invalid(change, "a volume has no name"));
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

    private static string Signal(string text, string change) => text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '+' or '-')
        ? text
        : throw Invalid(change, $"'{text}' is not a signal");

    private static Dictionary<string, JsonElement> WithTrigger(Dictionary<string, JsonElement>? members, string trigger, string change)
    {
        string instruction = trigger.Split((char[]?)null, 2)[0].ToUpperInvariant();
        if (instruction is "ONBUILD" or "FROM" or "MAINTAINER")
        {
            throw Invalid(change, $"{instruction} cannot be a trigger");
        }
        string[] before = members?.GetValueOrDefault("OnBuild") is { ValueKind: JsonValueKind.Array } known ? known.Deserialize(OciJsonContext.Default.StringArray) ?? [] : [];
        return new(members ?? []) { ["OnBuild"] = JsonSerializer.SerializeToElement([.. before, trigger], OciJsonContext.Default.StringArray) };
    }
}
