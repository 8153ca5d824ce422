using System.Net;

namespace LayerImage.Engine.Network;

/// <summary>A process of this host that has a port open.</summary>
/// <param name="Protocol">The transport protocol.</param>
/// <param name="Address">The address it is bound to; 0.0.0.0 or :: for all.</param>
/// <param name="Port">The port.</param>
/// <param name="ProcessId">The process, or null when it cannot be seen (another user's, or the kernel's own).</param>
/// <param name="ProcessName">Its name (proc(5), comm), or null.</param>
public sealed record PortListener(PortProtocol Protocol, IPAddress Address, ushort Port, int? ProcessId, string? ProcessName)
{
    /// <summary>The process, as a person would say it.</summary>
    public override string ToString() => ProcessId is null ? $"{Address}:{Port}" : $"{ProcessName} (process {ProcessId})";
}
