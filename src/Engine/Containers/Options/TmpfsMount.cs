using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Containers;

/// <summary>
/// A folder of a container that is in memory, and empty at each start. <see cref="ToString"/> yields docker's syntax and
/// <see cref="Parse"/> takes it.
/// </summary>
/// <param name="Path">The container's path, absolute.</param>
/// <param name="Options">mount(8)'s options of a tmpfs, with commas between; empty for docker's own.</param>
public sealed record TmpfsMount(string Path, string Options)
{
    // Of each pair the last holds; docker's defaults come first (moby, daemon/oci_linux.go).
    private static readonly string[] s_defaults = ["noexec", "nosuid", "nodev"];

    private static readonly string[] s_flags =
    [
        "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev",
        "noatime", "atime", "nodiratime", "diratime", "relatime", "strictatime", "sync", "async",
    ];

    private static readonly string[] s_values = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks"];

    /// <summary>As the runtime mounts it.</summary>
    internal IReadOnlyList<string> MountOptions => [.. s_defaults, .. Options.Split(',', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Reads docker's <c>path[:options]</c>: "/run", "/tmp:size=64m,mode=1777".</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.VolumeInvalid"/>: the text is not of that form, or the folder cannot be one.</exception>
    public static TmpfsMount Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        string path = parts[0].StartsWith('/') ? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(parts[0])) : "";
        if (path is "" or "/")
        {
            throw Invalid(text, "its path is not absolute, or is the root");
        }
        if (VolumeMount.IsContainersOwn(path))
        {
            throw Invalid(text, $"{path} is the container's own");
        }
        string options = parts.Length == 2 ? parts[1] : "";
        return options.Split(',').FirstOrDefault(option => options.Length > 0 && !IsOption(option)) is string unknown
            ? throw Invalid(text, $"it has no option '{unknown}'; there are {string.Join(", ", s_flags)}, {string.Join(", ", s_values.Select(name => name + "="))}")
            : new TmpfsMount(path, options);
    }

    /// <summary>Docker's syntax.</summary>
    public override string ToString() => Options.Length == 0 ? Path : $"{Path}:{Options}";

    private static bool IsOption(string option) => option.Split('=', 2) is [var name, var value]
        ? s_values.Contains(name) && value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '%')
        : s_flags.Contains(option);

    private static LayerImageException Invalid(string text, string why) => new(EngineError.VolumeInvalid, $"The tmpfs '{text}' cannot be mounted: {why}.")
    { Target = text, Advice = "Write /path/in/container, with options behind it: /run:size=64m,mode=1777." };
}
