using System.Globalization;

namespace LayerImage.Benchmarks;

/// <summary>What it was measured on, and how much of the processor others took meanwhile.</summary>
internal sealed class Machine
{
    private readonly long[] _before = Ticks();

    /// <summary>One line about processor, memory, kernel and system.</summary>
    public static string Describe()
    {
        string processor = Field("/proc/cpuinfo", "model name") ?? "unknown processor";
        string memory = Field("/proc/meminfo", "MemTotal")?.Split(' ')[0] ?? "0";
        string system = File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal))?.Split('"')[1] ?? "Linux";
        string kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        return $"{Environment.ProcessorCount} × {processor}, {long.Parse(memory, CultureInfo.InvariantCulture) >> 20} GiB, {system}, kernel {kernel}, .NET {Environment.Version}";
    }

    /// <summary>Steal and idle since this object was made, as shares of all processor time.</summary>
    public string Load()
    {
        long[] now = Ticks();
        double all = now.Zip(_before, (after, before) => after - before).Sum();
        // proc(5): user nice system idle iowait irq softirq steal.
        return string.Create(CultureInfo.InvariantCulture, $"steal {(now[7] - _before[7]) / all:P1}, idle {(now[3] - _before[3]) / all:P1}");
    }

    private static long[] Ticks() => [.. File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Skip(1).Take(8).Select(field => long.Parse(field, CultureInfo.InvariantCulture))];

    private static string? Field(string file, string name) => File.ReadLines(file)
        .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
