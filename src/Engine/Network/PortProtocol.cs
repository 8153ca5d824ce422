namespace LayerImage.Engine.Network;

/// <summary>The transport protocol of a published port.</summary>
public enum PortProtocol : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>Ports of TCP.</summary>
    Tcp,
    /// <summary>Ports of UDP.</summary>
    Udp,
    /// <summary>Ports of SCTP.</summary>
    Sctp,
}
