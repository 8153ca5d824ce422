using System.Security.Cryptography;

namespace LayerImage.Testing.Host;

/// <summary>A folder of a test's own, removed at the end. Nothing may still be mounted beneath it then.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>Makes the folder.</summary>
    public TempFolder(string prefix = "layerimage-test-")
    {
        // Lower case: podman makes an image's name of the path that it reads a layout from.
        Root = Path.Combine(Path.GetTempPath(), prefix.ToLowerInvariant() + RandomNumberGenerator.GetHexString(8, lowercase: true));
        Directory.CreateDirectory(Root);
    }

    /// <summary>Its path.</summary>
    public string Root { get; }

    /// <summary>A path beneath it.</summary>
    public string this[string relative] => Path.Combine(Root, relative);

    /// <summary>The mount points beneath a folder.</summary>
    public static IReadOnlyList<string> MountsBeneath(string folder) =>
    [
        .. File.ReadLines("/proc/self/mountinfo")
            .Select(line => line.Split(' ')[4].Replace("\\040", " ", StringComparison.Ordinal))
            .Where(point => point == folder || point.StartsWith(folder + "/", StringComparison.Ordinal)),
    ];

    /// <summary>Removes it.</summary>
    /// <exception cref="InvalidOperationException">Something is mounted beneath it: it is left as it is.</exception>
    public void Dispose()
    {
        if (OperatingSystem.IsLinux() && MountsBeneath(Root) is { Count: > 0 } mounts)
        {
            throw new InvalidOperationException($"Still mounted beneath {Root}: {string.Join(", ", mounts)}");
        }
        if (Directory.Exists(Root))
        {
            MakeRemovable(Root);
            Directory.Delete(Root, recursive: true);
        }
    }

    // An ordinary user cannot empty a folder without the write permission, which images do contain.
    private static void MakeRemovable(string folder)
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            return;
        }
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (string child in Directory.EnumerateDirectories(folder).Where(path => new DirectoryInfo(path).LinkTarget is null))
        {
            MakeRemovable(child);
        }
    }
}
