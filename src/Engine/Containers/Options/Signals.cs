using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>Signals by name and number (signal(7), x86 and ARM).</summary>
internal static class Signals
{
    public const int Kill = 9, Terminate = 15;

    private static readonly string[] s_names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>All names but the real-time ones: "SIGHUP", "SIGINT", …</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_names.Skip(1).Select(name => "SIG" + name)];

    private const int RealTimeMin = 34, RealTimeMax = 64;

    /// <summary>Whether a text is a signal.</summary>
    public static bool IsSignal(string text)
    {
        try
        {
            return Parse(text) > 0;
        }
        catch (LayerImageException)
        {
            return false;
        }
    }

    /// <summary>The number of "SIGTERM", "term", "15", "RTMIN+3", "RTMAX-2".</summary>
    public static int Parse(string text)
    {
        string name = text.Trim().ToUpperInvariant();
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= RealTimeMax)
        {
            return number;
        }
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        int index = Array.IndexOf(s_names, name);
        if (index > 0)
        {
            return index;
        }
        if (name.StartsWith("RTMIN", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5).TrimStart('+'), out int above) && above is > 0 and <= RealTimeMax - RealTimeMin)
        {
            return RealTimeMin + above;
        }
        if (name.StartsWith("RTMAX-", StringComparison.Ordinal) && int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int below) && below is > 0 and <= RealTimeMax - RealTimeMin)
        {
            return RealTimeMax - below;
        }
        return name switch
        {
            "RTMIN" => RealTimeMin,
            "RTMAX" => RealTimeMax,
            "CLD" => Array.IndexOf(s_names, "CHLD"), // older names of the same
            "IOT" => Array.IndexOf(s_names, "ABRT"),
            "POLL" => Array.IndexOf(s_names, "IO"),
            _ => throw new LayerImageException(EngineError.ParameterInvalid, $"'{text}' is not a signal.") { Target = text, Advice = "Write a name such as SIGTERM or a number from 1 to 64." },
        };
    }
}
