namespace LayerImage.Engine.Network;

/// <summary>The transport protocol of a published port.</summary>
public enum PortProtocol : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>TCP.</summary>
    Tcp,
    /// <summary>UDP.</summary>
    Udp,
    /// <summary>SCTP.</summary>
    Sctp,
}
