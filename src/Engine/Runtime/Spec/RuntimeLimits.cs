using System.Globalization;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// The resource limits of containers: the same whoever starts them. docker's containers have its daemon's; here they would be those of
/// the user's shell, and other ones after each "ulimit". Pure.
/// </summary>
internal static class RuntimeLimits
{
    private const ulong Unlimited = ulong.MaxValue, Many = 1 << 20, EightMiB = 8 << 20, QueueBytes = 819_200;

    // Files and processes as podman has them, the rest as a service of systemd's has it. By their names in /proc/self/limits (proc(5)).
    private static readonly (string Name, SpecLimit Wanted)[] s_limits =
    [
        ("Max open files", new("RLIMIT_NOFILE", Many, Many)),
        ("Max processes", new("RLIMIT_NPROC", Many, Many)),
        ("Max core file size", new("RLIMIT_CORE", Unlimited, Unlimited)),
        ("Max cpu time", new("RLIMIT_CPU", Unlimited, Unlimited)),
        ("Max file size", new("RLIMIT_FSIZE", Unlimited, Unlimited)),
        ("Max data size", new("RLIMIT_DATA", Unlimited, Unlimited)),
        ("Max address space", new("RLIMIT_AS", Unlimited, Unlimited)),
        ("Max stack size", new("RLIMIT_STACK", Unlimited, EightMiB)),
        ("Max locked memory", new("RLIMIT_MEMLOCK", EightMiB, EightMiB)),
        ("Max msgqueue size", new("RLIMIT_MSGQUEUE", QueueBytes, QueueBytes)),
        ("Max nice priority", new("RLIMIT_NICE", 0, 0)),
        ("Max realtime priority", new("RLIMIT_RTPRIO", 0, 0)),
        ("Max realtime timeout", new("RLIMIT_RTTIME", Unlimited, Unlimited)),
    ];

    /// <summary>The limits to ask for.</summary>
    /// <param name="own">This process's: the text of /proc/self/limits.</param>
    /// <param name="mayRaise">Whether it may give more than it has itself (CAP_SYS_RESOURCE).</param>
    /// <param name="mostFiles">The kernel's own limit of open files (fs.nr_open), which nobody can exceed.</param>
    public static IReadOnlyList<SpecLimit> Compose(string own, bool mayRaise, ulong mostFiles)
    {
        string[] lines = own.Split('\n');
        List<SpecLimit> limits = [];
        foreach ((string name, SpecLimit wanted) in s_limits)
        {
            // "Max open files            1024                 524288               files"
            if (lines.FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal)) is not string line
                || line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [_, string hard, ..])
            {
                continue; // a kernel that has no such limit
            }
            ulong most = mayRaise ? Unlimited : hard == "unlimited" ? Unlimited : ulong.Parse(hard, CultureInfo.InvariantCulture);
            most = wanted.Type == "RLIMIT_NOFILE" ? Math.Min(most, mostFiles) : most;
            limits.Add(new SpecLimit(wanted.Type, Math.Min(wanted.Hard, most), Math.Min(wanted.Soft, most)));
        }
        return limits;
    }
}
