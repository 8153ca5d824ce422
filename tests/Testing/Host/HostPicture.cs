using LayerImage.Engine.Processes;

namespace LayerImage.Testing.Host;

/// <summary>
/// What a program in a container could want of its host, beyond what <see cref="HostSnapshot"/> sees: addresses and routes of both
/// families, settings of the kernel, the nodes of devices, the host's name and clock, its mounts and processes' limits.
/// </summary>
public static class HostPicture
{
    /// <summary>Takes it, one line for each thing, in the network namespace of this process.</summary>
    public static async Task<IReadOnlyList<string>> TakeAsync(CancellationToken cancellationToken) =>
    [
        .. await LinesAsync(["ip", "-o", "addr"], cancellationToken),
        .. await LinesAsync(["ip", "route", "show", "table", "all"], cancellationToken),
        .. await LinesAsync(["ip", "-6", "route", "show", "table", "all"], cancellationToken),
        .. await LinesAsync(["ip", "-o", "link"], cancellationToken),
        .. Settings("/proc/sys/kernel").Concat(Settings("/proc/sys/net")).Concat(Settings("/proc/sys/vm")).Order(StringComparer.Ordinal),
        .. await LinesAsync(["find", "/dev", "-xdev", "-maxdepth", "2", "-not", "-path", "/dev/pts/*", "-not", "-path", "/dev/shm/*", "-printf", "%p %M %U:%G %l\n"], cancellationToken),
        $"name {await File.ReadAllTextAsync("/proc/sys/kernel/hostname", cancellationToken)}",
    ];

    // What changes by itself, and what a test beside this one changes, is left out.
    private static IEnumerable<string> Settings(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = 0 }))
        {
            if (file.Contains("/random/", StringComparison.Ordinal) || file.Contains("/neigh/", StringComparison.Ordinal) || Path.GetFileName(file) is "ns_last_pid" or "pty" or "nr" or "nf_conntrack_count")
            {
                continue;
            }
            string? value = null;
            try
            {
                value = File.ReadAllText(file).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Some can only be written, some are of hardware that is not there.
            }
            if (value is not null)
            {
                yield return $"{file} {value}";
            }
        }
    }

    private static async Task<string[]> LinesAsync(string[] command, CancellationToken cancellationToken) =>
        [.. (await ProcessRunner.RunAsync(command, null, cancellationToken)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => System.Text.RegularExpressions.Regex.Replace(line, "(valid_lft|preferred_lft|expires) [0-9a-z]+", "")).Order(StringComparer.Ordinal)];
}
