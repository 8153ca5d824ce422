using System.Net;

namespace LayerImage.Engine.Firewall;

/// <summary>A connection that another host has, or would make, to this one.</summary>
/// <param name="Port">The port of this host.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Client">The other host; null is any.</param>
/// <param name="Interface">The interface that it comes in by, or null when that is not known.</param>
public sealed record HostConnection(int Port, FirewallProtocol Protocol, IPAddress? Client, string? Interface);
