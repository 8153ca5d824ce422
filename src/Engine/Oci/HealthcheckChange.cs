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
    private static readonly string[] s_members = ["Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"];

    /// <summary>Parses what follows HEALTHCHECK.</summary>
    /// <exception cref="Errors.LayerImageException">ParameterInvalid.</exception>
    public static JsonElement Parse(ChangeLine change)
    {
        Dictionary<string, long> numbers = [];
        string text = change.Rest;
        while (text.StartsWith("--", StringComparison.Ordinal))
        {
            string[] parts = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
            string[] flag = parts[0].Split('=', 2);
            int at = change.Text.Length - text.Length;
            string value = flag.Length == 2 ? flag[1] : throw change.Invalid("an option has no value", at);
            (string member, long number) = flag[0] switch
            {
                "--interval" => ("Interval", Duration(value, change, at)),
                "--timeout" => ("Timeout", Duration(value, change, at)),
                "--start-period" => ("StartPeriod", Duration(value, change, at)),
                "--start-interval" => ("StartInterval", Duration(value, change, at)),
                "--retries" => ("Retries", Count(value, change, at)),
                _ => throw change.Invalid("the option is not known", at),
            };
            if (!numbers.TryAdd(member, number))
            {
                throw change.Invalid("the option is given twice", at);
            }
            text = parts.Length == 2 ? parts[1].Trim() : "";
        }
        // docker's order; what is 0 is its default and left out.
        Dictionary<string, JsonElement> members = new()
        {
            [s_members[0]] = JsonSerializer.SerializeToElement(Test(text, numbers.Count > 0, change), OciJsonContext.Default.StringArray),
        };
        foreach (string member in s_members.Where(member => numbers.GetValueOrDefault(member) > 0))
        {
            members[member] = JsonSerializer.SerializeToElement(numbers[member], OciJsonContext.Default.Int64);
        }
        return JsonSerializer.SerializeToElement(members, OciJsonContext.Default.DictionaryStringJsonElement);
    }

    private static string[] Test(string text, bool hasFlags, ChangeLine change)
    {
        string[] parts = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        return (parts.FirstOrDefault()?.ToUpperInvariant(), parts.Length) switch
        {
            ("NONE", 1) when !hasFlags => ["NONE"],
            ("CMD", 2) => ConfigChange.ExecForm(parts[1].Trim(), change) switch
            {
                null => ["CMD-SHELL", parts[1].Trim()],
                { Count: > 0 } words => ["CMD", .. words],
                _ => throw change.Invalid("the command is empty", change.Text.Length - parts[1].Trim().Length),
            },
            _ => throw change.Invalid("after its options comes CMD with a command, or NONE alone", change.Text.Length - text.Length),
        };
    }

    // Go's durations: "1m30s", "1.5h", "500ms", "0".
    private static int Count(string text, ChangeLine change, int at) =>
        text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count
        : throw change.Invalid($"'{text}' is not a number", at);

    private static long Duration(string text, ChangeLine change, int at)
    {
        decimal nanoseconds = 0;
        if (text is "" or "0")
        {
            return 0;
        }
        if (!WholeDuration().IsMatch(text))
        {
            throw change.Invalid($"'{text}' is not a time such as 30s or 1m30s", at);
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
        return nanoseconds is 0 or (>= 1_000_000 and < long.MaxValue)
            ? (long)nanoseconds
            : throw change.Invalid($"'{text}' is not 0 and less than a millisecond, or endless", at);
    }

    [GeneratedRegex(@"^(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|m|s|us|µs|ns))+$")]
    private static partial Regex WholeDuration();

    [GeneratedRegex(@"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")]
    private static partial Regex DurationPart();
}
