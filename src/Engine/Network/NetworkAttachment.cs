namespace LayerImage.Engine.Network;

/// <summary>A container's place in the network.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="NamespacePath">The file that pins its network namespace: what the OCI runtime joins.</param>
/// <param name="HostInterface">The host's end of its veth pair.</param>
internal sealed record NetworkAttachment(string ContainerId, string NamespacePath, string HostInterface);
