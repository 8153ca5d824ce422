using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>Opens published ports in the host's firewall for as long as a container runs.</summary>
internal sealed class FirewallOpener(IHostFirewall firewall) : IFirewallOpener
{
    public string? Open(string containerId, string containerName, IReadOnlyList<PortMapping> ports)
    {
        bool opened = true;
        foreach (PortMapping port in ports)
        {
            int last = port.HostPort + port.Count - 1;
            string range = port.Count == 1 ? port.HostPort.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{port.HostPort}-{last}");
            opened &= firewall.OpenForContainer(containerId, range, Protocol(port.Protocol), zone: null);
        }
        return opened ? null : $"-OpenHostPort does nothing for {containerName}: the host's firewall does not run, so nothing is blocked.";
    }

    public void Admit(IEngineObserver observer) => firewall.AdmitContainers(observer);

    public void Close(string containerId) => firewall.CloseForContainer(containerId);

    /// <summary>The firewall's word for a protocol.</summary>
    public static FirewallProtocol Protocol(PortProtocol protocol) => protocol switch
    {
        PortProtocol.Udp => FirewallProtocol.Udp,
        PortProtocol.Sctp => FirewallProtocol.Sctp,
        _ => FirewallProtocol.Tcp,
    };
}
