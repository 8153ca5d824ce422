using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>
/// A resource limit of a container's processes, getrlimit(2). <see cref="ToString"/> yields docker's syntax and <see cref="Parse"/>
/// takes it.
/// </summary>
/// <param name="Name">Its name, as ulimit and docker have it: "nofile".</param>
/// <param name="Soft">What holds; <see cref="Unlimited"/> for no limit.</param>
/// <param name="Hard">The most that a process may raise it to.</param>
public sealed record Ulimit(string Name, ulong Soft, ulong Hard)
{
    /// <summary>No limit (RLIM_INFINITY).</summary>
    public const ulong Unlimited = ulong.MaxValue;

    /// <summary>The names that there are, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack"];

    /// <summary>The kernel's name: "RLIMIT_NOFILE".</summary>
    internal string Type => "RLIMIT_" + Name.ToUpperInvariant();

    /// <summary>Reads docker's <c>name=soft[:hard]</c>; -1 is no limit, and without the hard limit both are the same.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: the text is not of that form, or the soft limit exceeds the hard one.</exception>
    public static Ulimit Parse(string text)
    {
        string[] parts = text.Split('=', 2);
        string name = parts[0].ToLowerInvariant();
        if (!Names.Contains(name))
        {
            throw Invalid(text, $"there is no limit '{parts[0]}'", $"There are {string.Join(", ", Names)}.");
        }
        string[] values = parts.Length == 2 ? parts[1].Split(':') : [];
        if (values.Length is < 1 or > 2)
        {
            throw Invalid(text, "it has no value, or too many", Form);
        }
        ulong soft = ParseValue(values[0], text), hard = values.Length == 2 ? ParseValue(values[1], text) : soft;
        return soft <= hard ? new Ulimit(name, soft, hard) : throw Invalid(text, "the soft limit is more than the hard one", Form);
    }

    /// <summary>Docker's syntax.</summary>
    public override string ToString() => Soft == Hard ? $"{Name}={Write(Soft)}" : $"{Name}={Write(Soft)}:{Write(Hard)}";

    private const string Form = "Write name=soft:hard, such as nofile=1024:2048, or one number for both; -1 is no limit.";

    private static ulong ParseValue(string value, string text) => value == "-1" ? Unlimited
        : ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : throw Invalid(text, $"'{value}' is no number", Form);

    private static string Write(ulong value) => value == Unlimited ? "-1" : value.ToString(CultureInfo.InvariantCulture);

    private static LayerImageException Invalid(string text, string why, string advice) =>
        new(EngineError.ParameterInvalid, $"The limit '{text}' cannot be set: {why}.") { Target = text, Advice = advice };
}
