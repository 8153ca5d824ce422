using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>Finds who keeps a mount busy, by what /proc shows of each process.</summary>
internal static class MountHolders
{
    private const int MostNamed = 5;

    /// <summary>What to tell: "bash (4711: current folder), …"; or what else is mounted beneath; empty when nothing is found.</summary>
    public static string Describe(string merged)
    {
        List<string> found = [.. MountInfo.Read()
            .Where(mount => mount.MountPoint.StartsWith(merged + "/", StringComparison.Ordinal))
            .Select(mount => $"the mount {mount.MountPoint}")];
        if (IdOf(merged) is ulong id and not 0)
        {
            found.AddRange(Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path))
                .Where(name => name.All(char.IsAsciiDigit)).Select(pid => Look(pid, id)).OfType<string>());
        }
        return string.Join(", ", found.Take(MostNamed)) + (found.Count > MostNamed ? $" and {found.Count - MostNamed} more" : "");
    }

    private static string? Look(string pid, ulong mount)
    {
        string process = $"/proc/{pid}";
        (string Link, string What)[] links = [("cwd", "current folder"), ("root", "root folder"), ("exe", "program")];
        bool IsInOneOf(string folder) => Files($"{process}/{folder}").Any(file => IdOf(file) == mount);
        string? what = links.FirstOrDefault(link => IdOf($"{process}/{link.Link}") == mount).What
            ?? (IsInOneOf("fd") ? "open file" : IsInOneOf("map_files") ? "mapped file" : null);
        return what is null ? null : string.Create(CultureInfo.InvariantCulture, $"{NameOf(process)} (process {pid}: {what})");
    }

    private static IEnumerable<string> Files(string folder)
    {
        try
        {
            return Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // it has ended
        }
    }

    // Through the magic link, to the very mount that the process has: another one can show the same device.
    private static ulong? IdOf(string path)
    {
        try
        {
            using SafeFileHandle file = Libc.Open(path, OpenFlags.PathOnly);
            return Libc.Stat(file).MountId;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(process + "/comm").TrimEnd('\n');
        }
        catch (IOException)
        {
            return "?";
        }
    }
}
