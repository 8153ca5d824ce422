namespace LayerImage.Engine.Containers;

/// <summary>What follows the destination of a volume in docker's syntax: "ro,rslave".</summary>
/// <param name="ReadOnly">Whether the container cannot change it.</param>
/// <param name="Propagation">How later mounts beneath it travel, mount_namespaces(7).</param>
/// <param name="Idle">Those that do nothing here, with commas between.</param>
internal sealed record VolumeOptions(bool ReadOnly, string Propagation, string Idle)
{
    /// <summary>docker's propagation of a volume of which nothing is said.</summary>
    public const string Private = "rprivate";

    // Of each kind one may be given (moby, volume/mounts/linux_parser.go).
    private static readonly string[][] s_kinds =
    [
        ["ro", "rw"],
        [Private, "private", "rslave", "slave", "rshared", "shared"],
        ["z", "Z"],
        ["cached", "delegated", "consistent"],
        ["nocopy"],
    ];

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. s_kinds.SelectMany(kind => kind)];

    /// <summary>Reads them; null and why when they cannot be taken.</summary>
    public static VolumeOptions? TryParse(string text, out string why)
    {
        string[] options = text.Split(',');
        why = options.FirstOrDefault(option => !Known.Contains(option)) is string unknown
            ? $"it has no option '{unknown}'; there are {string.Join(", ", Known)}"
            : s_kinds.Select(kind => options.Where(option => kind.Contains(option)).ToArray()).FirstOrDefault(same => same.Length > 1) is { } twice
                ? $"of {string.Join(" and ", twice)} one can be given" : "";
        return why.Length > 0 ? null : new VolumeOptions(
            options.Contains("ro"),
            options.FirstOrDefault(option => s_kinds[1].Contains(option)) ?? Private,
            string.Join(',', options.Where(option => s_kinds[2..].Any(kind => kind.Contains(option)))));
    }
}
