using System.Globalization;
using System.Runtime.InteropServices;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>What of the host goes into a container's configuration.</summary>
/// <param name="Capabilities">The capabilities this process may give away (its bounding set).</param>
/// <param name="CgroupNamespaces">The kernel has control group namespaces (since 4.6).</param>
/// <param name="Architecture">The processor.</param>
/// <param name="RecursiveReadOnly">The kernel can make a mount read-only with all that is mounted beneath (mount_setattr, since 5.12).</param>
internal sealed record RuntimeHost(IReadOnlySet<string> Capabilities, bool CgroupNamespaces, Architecture Architecture, bool RecursiveReadOnly)
{
    /// <summary>The resource limits that containers get.</summary>
    public IReadOnlyList<SpecLimit> Limits { get; init; } = [];

    /// <summary>Asks the kernel.</summary>
    public static RuntimeHost Read()
    {
        string[] status = File.ReadAllLines("/proc/self/status");
        return new RuntimeHost(
            CapabilitySet(status, "CapBnd:"),
            File.Exists("/proc/self/ns/cgroup"),
            RuntimeInformation.OSArchitecture,
            Environment.OSVersion.Version >= new Version(5, 12))
        {
            Limits = RuntimeLimits.Compose(File.ReadAllText("/proc/self/limits"), CapabilitySet(status, "CapEff:").Contains("SYS_RESOURCE"),
                ulong.Parse(File.ReadAllText("/proc/sys/fs/nr_open"), CultureInfo.InvariantCulture)),
        };
    }

    private static IReadOnlySet<string> CapabilitySet(string[] status, string set) =>
        LinuxCapabilities.FromMask(status.First(line => line.StartsWith(set, StringComparison.Ordinal))[set.Length..].Trim());
}
