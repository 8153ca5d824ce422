using System.Runtime.InteropServices;

namespace LayerImage.Engine.Runtime;

/// <summary>What of the host goes into a container's configuration.</summary>
/// <param name="Capabilities">The capabilities this process may give away (its bounding set).</param>
/// <param name="CgroupNamespaces">The kernel has control group namespaces (since 4.6).</param>
/// <param name="Architecture">The processor.</param>
/// <param name="RecursiveReadOnly">The kernel can make a mount read-only with all that is mounted beneath (mount_setattr, since 5.12).</param>
internal sealed record RuntimeHost(IReadOnlySet<string> Capabilities, bool CgroupNamespaces, Architecture Architecture, bool RecursiveReadOnly)
{
    /// <summary>Asks the kernel.</summary>
    public static RuntimeHost Read()
    {
        string bounding = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapBnd:", StringComparison.Ordinal));
        return new RuntimeHost(
            LinuxCapabilities.FromMask(bounding["CapBnd:".Length..].Trim()),
            File.Exists("/proc/self/ns/cgroup"),
            RuntimeInformation.OSArchitecture,
            Environment.OSVersion.Version >= new Version(5, 12));
    }
}
