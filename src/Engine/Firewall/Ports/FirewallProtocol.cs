namespace LayerImage.Engine.Firewall;

/// <summary>The protocols that have ports, with the numbers of IANA's protocol registry.</summary>
public enum FirewallProtocol : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>TCP, protocol number 6.</summary>
    Tcp = 6,
    /// <summary>UDP, protocol number 17.</summary>
    Udp = 17,
    /// <summary>DCCP, protocol number 33.</summary>
    Dccp = 33,
    /// <summary>SCTP, protocol number 132.</summary>
    Sctp = 132,
}
