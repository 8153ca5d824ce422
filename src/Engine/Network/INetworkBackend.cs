using System.Net;

namespace LayerImage.Engine.Network;

/// <summary>
/// Connects containers to a network and publishes their ports on the host.
/// </summary>
/// <remarks>
/// <para>
/// The life of a container in it: <see cref="EnsureReady"/> makes what all containers share and costs next to
/// nothing when it is there. <see cref="AttachAsync"/> makes a network namespace that exists without any process
/// in it, connected and configured; the OCI runtime joins it by its path. <see cref="Publish"/> opens the host's
/// ports, before or while the container runs. When it ends, <see cref="Unpublish"/> and <see cref="DetachAsync"/>
/// take all of that away, in this order: a port must not lead to an address that the next container may get.
/// </para>
/// <para>
/// Nothing is remembered between calls: what exists is what the kernel says, and the caller's store knows which
/// address and ports a container has. So any process may make any call, among them the one that cleans up when
/// no PowerShell is alive, and several at once. Everything that takes away is idempotent. Everything that makes
/// leaves nothing behind when it fails.
/// </para>
/// <para>
/// Calls act in the network namespace of the process. Containers without a network, or with the host's, do not come here.
/// </para>
/// </remarks>
internal interface INetworkBackend
{
    /// <summary>Whether what all containers share is there: a question to the kernel, for looks.</summary>
    /// <exception cref="Errors.LayerImageException">NetworkFailed or NotPrivileged.</exception>
    bool IsReady();

    /// <summary>Makes what all containers share. Idempotent.</summary>
    /// <param name="anew">Make the rules again although they seem to be there: somebody may have changed some of them.</param>
    /// <returns>
    /// Whether the rules were made anew. After a reboot, or when somebody flushed the host's ruleset, the ports of
    /// containers that still run must then be published again.
    /// </returns>
    /// <exception cref="Errors.LayerImageException">NetworkFailed, NotPrivileged or ToolMissing.</exception>
    bool EnsureReady(bool anew = false);

    /// <summary>Gives a container a network namespace with an address. What an earlier start left under that id goes first.</summary>
    /// <returns>Null, and nothing is left, when a container of this host has the address: one of another store, whose records are not the caller's.</returns>
    Task<NetworkAttachment?> AttachAsync(string containerId, IPAddress address, CancellationToken cancellationToken);

    /// <summary>Takes a container's network namespace and link away. Idempotent.</summary>
    Task DetachAsync(string containerId, CancellationToken cancellationToken);

    /// <summary>The containers that have a network namespace, also one left over from a crash.</summary>
    IReadOnlyList<NetworkAttachment> ListAttachments();

    /// <summary>The addresses that containers of this host have, whatever store they are of.</summary>
    IReadOnlySet<IPAddress> ListAddresses();

    /// <summary>Publishes ports of a container: all or none. Publishing again what is published changes nothing.</summary>
    /// <exception cref="Errors.LayerImageException">PortInUse when a port leads to another container.</exception>
    void Publish(string containerId, IPAddress address, IReadOnlyList<PortMapping> mappings);

    /// <summary>Whether ports of a container are published; a question to the kernel for each.</summary>
    /// <exception cref="Errors.LayerImageException">NetworkFailed or NotPrivileged.</exception>
    bool IsPublished(IPAddress address, IReadOnlyList<PortMapping> mappings);

    /// <summary>Takes published ports away. Idempotent; a port that leads to another address by now is left alone.</summary>
    void Unpublish(string containerId, IPAddress address, IReadOnlyList<PortMapping> mappings);
}
