using System.Text;

namespace LayerImage.Engine.Mounts;

/// <summary>A line of /proc/self/mountinfo (proc(5)).</summary>
/// <param name="MountPoint">Where, unescaped.</param>
/// <param name="FileSystem">Which type.</param>
/// <param name="Source">Of what.</param>
/// <param name="SuperOptions">The file system's options, as they are written there.</param>
/// <param name="Sharing">Its optional fields, with spaces between: "shared:1 master:2".</param>
internal sealed record MountInfo(string MountPoint, string FileSystem, string Source, string SuperOptions, string Sharing = "")
{
    /// <summary>Whether mounts beneath it appear at its peers, and theirs here.</summary>
    public bool IsShared => Sharing.Contains("shared:", StringComparison.Ordinal);

    /// <summary>Whether mounts of its master appear here.</summary>
    public bool IsSlave => Sharing.Contains("master:", StringComparison.Ordinal);

    /// <summary>Whether the mount is a union of the engine's.</summary>
    public bool IsOurs =>
        FileSystem == "overlay" && (Source == OverlayMountDriver.Source || Source.StartsWith(OverlayMountDriver.Source + ":", StringComparison.Ordinal));

    /// <summary>The path of an option of the file system ("upperdir"), unescaped, or null.</summary>
    public string? Option(string name) =>
        SuperOptions.Split(',').FirstOrDefault(option => option.StartsWith(name + "=", StringComparison.Ordinal)) is string found
            ? Unescape(found[(name.Length + 1)..])
            : null;

    /// <summary>The mounts that a process sees; null when it is gone or may not be looked at.</summary>
    public static IReadOnlyList<MountInfo>? TryRead(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/mountinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>All mounts of this process's mount namespace, in the order they were made.</summary>
    public static IReadOnlyList<MountInfo> Read() => Parse(File.ReadAllText("/proc/self/mountinfo"));

    /// <summary>The mount that a path is on: the last one made at the longest beginning of it. Null when there is none.</summary>
    /// <param name="mounts">All, in the order they were made.</param>
    /// <param name="path">An absolute path without links.</param>
    public static MountInfo? Holding(IReadOnlyList<MountInfo> mounts, string path) => mounts.Reverse()
        .Where(mount => mount.MountPoint == "/" || path == mount.MountPoint || path.StartsWith(mount.MountPoint + "/", StringComparison.Ordinal))
        .MaxBy(mount => mount.MountPoint.Length);

    /// <summary>Parses the file's text.</summary>
    public static IReadOnlyList<MountInfo> Parse(string text)
    {
        List<MountInfo> mounts = [];
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // id parent major:minor root mountpoint options optional… - type source superoptions
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-", 6);
            if (separator > 0 && fields.Length > separator + 2)
            {
                string superOptions = fields.ElementAtOrDefault(separator + 3) ?? "", optional = string.Join(' ', fields[6..separator]);
                mounts.Add(new MountInfo(Unescape(fields[4]), fields[separator + 1], Unescape(fields[separator + 2]), superOptions, optional));
            }
        }
        return mounts;
    }

    // Space, tab, newline and backslash are written as \040 and so on.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text[(i + 1)..(i + 4)].All(c => c is >= '0' and <= '7'))
            {
                plain.Append((char)Convert.ToInt32(text[(i + 1)..(i + 4)], 8));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }
        return plain.ToString();
    }
}
