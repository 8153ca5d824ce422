using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LayerImage.Engine.Oci;

/// <summary>
/// The instruction <c>HEALTHCHECK [--interval=DURATION …] CMD …</c> or <c>NONE</c>, as the member "Healthcheck" that
/// docker keeps in a configuration; times are nanoseconds there.
/// </summary>
internal static partial class HealthcheckChange
{
    /// <summary>Parses what follows HEALTHCHECK.</summary>
    public static JsonElement Parse(string text, string change)
    {
        Dictionary<string, JsonElement> members = [];
        while (text.StartsWith("--", StringComparison.Ordinal))
        {
            string[] parts = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            string[] flag = parts[0].Split('=', 2);
            string value = flag.Length == 2 ? flag[1] : throw ConfigChange.Invalid(change, $"'{parts[0]}' has no value");
            (string member, long number) = flag[0] switch
            {
                "--interval" => ("Interval", Duration(value, change)),
                "--timeout" => ("Timeout", Duration(value, change)),
                "--start-period" => ("StartPeriod", Duration(value, change)),
                "--start-interval" => ("StartInterval", Duration(value, change)),
                "--retries" => ("Retries", int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int retries) ? retries : throw ConfigChange.Invalid(change, $"'{value}' is not a number")),
                _ => throw ConfigChange.Invalid(change, $"'{flag[0]}' is not known"),
            };
            members[member] = JsonSerializer.SerializeToElement(number, OciJsonContext.Default.Int64);
            text = parts.Length == 2 ? parts[1].Trim() : "";
        }
        members["Test"] = JsonSerializer.SerializeToElement(Test(text, members.Count > 0, change), OciJsonContext.Default.StringArray);
        return JsonSerializer.SerializeToElement(members, OciJsonContext.Default.DictionaryStringJsonElement);
    }

    private static string[] Test(string text, bool hasFlags, string change)
    {
        string[] parts = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        return (parts.FirstOrDefault()?.ToUpperInvariant(), parts.Length) switch
        {
            ("NONE", 1) when !hasFlags => ["NONE"],
            ("CMD", 2) => ConfigChange.ExecForm(parts[1].Trim()) is { } words ? ["CMD", .. words] : ["CMD-SHELL", parts[1].Trim()],
            _ => throw ConfigChange.Invalid(change, "after its options comes CMD with a command, or NONE alone"),
        };
    }

    // Go's durations: "1m30s", "1.5h", "500ms".
    private static long Duration(string text, string change)
    {
        decimal nanoseconds = 0;
        if (!WholeDuration().IsMatch(text))
        {
            throw ConfigChange.Invalid(change, $"'{text}' is not a time such as 30s or 1m30s");
        }
        foreach (Match part in DurationPart().Matches(text))
        {
            nanoseconds += decimal.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * (part.Groups[2].Value switch
            {
                "h" => 3_600_000_000_000m,
                "m" => 60_000_000_000m,
                "s" => 1_000_000_000m,
                "ms" => 1_000_000m,
                "us" or "µs" => 1_000m,
                _ => 1m,
            });
        }
        return nanoseconds is 0 or (>= 1_000_000 and < long.MaxValue) ? (long)nanoseconds : throw ConfigChange.Invalid(change, $"'{text}' is not 0 and less than a millisecond, or endless");
    }

    [GeneratedRegex(@"^(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+$")]
    private static partial Regex WholeDuration();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")]
    private static partial Regex DurationPart();
}
