namespace LayerImage.Engine.Firewall;

/// <summary>The protocols that have ports, with the numbers of IANA's protocol registry.</summary>
public enum FirewallProtocol : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>TCP.</summary>
    Tcp = 6,
    /// <summary>UDP.</summary>
    Udp = 17,
    /// <summary>DCCP.</summary>
    Dccp = 33,
    /// <summary>SCTP.</summary>
    Sctp = 132,
}
