using LayerImage.Engine.Processes;

namespace LayerImage.Testing.Host;

/// <summary>
/// What an engine may leave behind on a machine: mounts, nftables rules, links, named network namespaces, and the
/// processes of containers. Taken before and after, compared line by line.
/// </summary>
public sealed class HostSnapshot
{
    private static readonly string[] s_ourProcesses = ["conmon", "crun", "runc", "layerimage-agent", "LayerImage.Agent"];
    private readonly SortedSet<string> _lines;

    private HostSnapshot(SortedSet<string> lines) => _lines = lines;

    /// <summary>Everything seen, one line each.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Takes the picture, in the network namespace of this process.</summary>
    public static async Task<HostSnapshot> CaptureAsync(CancellationToken cancellationToken)
    {
        SortedSet<string> lines = new(StringComparer.Ordinal);
        lines.UnionWith((await File.ReadAllLinesAsync("/proc/self/mountinfo", cancellationToken)).Select(MountLine));
        lines.UnionWith(await LinesOfAsync("nft", ["-s", "list", "ruleset"], "nft", cancellationToken));
        lines.UnionWith((await LinesOfAsync("ip", ["-o", "link"], "link", cancellationToken)).Select(LinkLine));
        if (Directory.Exists("/run/netns"))
        {
            lines.UnionWith(Directory.EnumerateFiles("/run/netns").Select(path => $"netns {Path.GetFileName(path)}"));
        }
        lines.UnionWith(Processes());
        return new HostSnapshot(lines);
    }

    /// <summary>
    /// What appeared ("+ …") and vanished ("- …") since an earlier picture. The bridge and the engine's own tables do not
    /// count: the first container makes them, and they stay for the next.
    /// </summary>
    public IReadOnlyList<string> DifferencesSince(HostSnapshot earlier) =>
    [
        .. _lines.Except(earlier._lines).Where(line => !IsResident(line)).Select(line => $"+ {line}"),
        .. earlier._lines.Except(_lines).Where(line => !IsResident(line)).Select(line => $"- {line}"),
    ];

    /// <summary>
    /// Waits until the machine is as it was in an earlier picture, because a container's end is handled by processes of
    /// their own; throws with the differences when it is not in time.
    /// </summary>
    public static async Task EnsureSameAsync(HostSnapshot earlier, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> differences = (await CaptureAsync(cancellationToken)).DifferencesSince(earlier);
            if (differences.Count == 0)
            {
                return;
            }
            if (TimeProvider.System.GetElapsedTime(start) > patience)
            {
                throw new InvalidOperationException($"The machine is not as it was:\n{string.Join('\n', differences)}");
            }
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken);
        }
    }

    private static bool IsResident(string line) =>
        line == "link limg0" || (line.StartsWith("nft table ", StringComparison.Ordinal) && line.Split(' ')[3].StartsWith("layerimage", StringComparison.Ordinal) && !IsContainers(line));

    // Elements of maps and sets are a container's ports and a user's rules: those must go.
    private static bool IsContainers(string line) => line.Contains("elements =", StringComparison.Ordinal);

    private static string MountLine(string line)
    {
        // proc(5): id parent major:minor root mount-point options [optional fields] - type source super-options.
        string[] fields = line.Split(' ');
        int separator = Array.IndexOf(fields, "-");
        return $"mount {fields[4]} type {fields[separator + 1]} root {fields[3]} source {fields[separator + 2]}";
    }

    // "3: eth0@if2: <FLAGS> mtu …": flags and counters change by themselves, the name does not.
    private static string LinkLine(string line) => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Where((_, index) => index is 0 or 2)).TrimEnd(':');

    private static async Task<IEnumerable<string>> LinesOfAsync(string program, string[] arguments, string kind, CancellationToken cancellationToken)
    {
        if (ToolLocator.Find(program) is not { } path)
        {
            return [];
        }
        ProcessResult result = await ProcessRunner.RunAsync([path, .. arguments], null, cancellationToken);
        // The table's name goes with each line, so that a line says where it stands.
        string table = "";
        List<string> lines = [];
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            table = line.StartsWith("table", StringComparison.Ordinal) ? $" {line.TrimEnd('{', ' ')}:" : table;
            lines.Add($"{kind}{table} {line.Trim()}");
        }
        return lines;
    }

    // Only those of our own network namespace: the monitors of other engines' containers are not ours to judge.
    private static IEnumerable<string> Processes()
    {
        string? ours = new FileInfo("/proc/self/ns/net").LinkTarget;
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            string line;
            try
            {
                string name = File.ReadAllText(Path.Combine(folder, "comm")).Trim();
                if (!s_ourProcesses.Contains(name) || new FileInfo(Path.Combine(folder, "ns/net")).LinkTarget != ours)
                {
                    continue;
                }
                line = $"process {Path.GetFileName(folder)} {File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ').Trim()}";
            }
            catch (IOException)
            {
                // It ended while we looked.
                continue;
            }
            yield return line;
        }
    }
}
