using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Netlink;

namespace LayerImage.Engine.Firewall;

/// <summary>Whether firewalld filters in this network namespace: by its nftables table, or a process of its that is here.</summary>
internal static class FirewalldProbe
{
    private const string Namespace = "/proc/thread-self/ns/net";

    public static bool IsRunning() => NftMessages.HasTable("firewalld") || HasProcess();

    public static LayerImageException Owned(string what) => new(EngineError.FirewallOwned, $"{what}: firewalld runs and owns this host's firewall.")
    {
        Target = "firewalld",
        Advice = "Use firewall-cmd for host ports, or stop firewalld first (systemctl disable --now firewalld) and start this firewall then.",
    };

    /// <summary>The process shows before its table is loaded, and with its iptables backend there is no table.</summary>
    private static bool HasProcess()
    {
        string? here = File.ResolveLinkTarget(Namespace, returnFinalTarget: false)?.Name;
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(folder, "comm")).TrimEnd() == "firewalld"
                    && File.ResolveLinkTarget(Path.Combine(folder, "ns", "net"), returnFinalTarget: false)?.Name == here)
                {
                    return true;
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It ended while being looked at, or is not ours to see.
            }
        }
        return false;
    }
}
