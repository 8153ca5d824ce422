using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The host's firewall: zones, each with the ports that it lets in, in two configurations.
/// <para>
/// The running one is the kernel's; nothing else is believed about it. The permanent one is a folder of firewalld's
/// zone files; it becomes the running one at <see cref="Start"/> and <see cref="Sync"/>. A rule is made in either or in
/// both. A container's rule (<see cref="OpenForContainer"/>) is running only, survives a Sync, and goes with the
/// container or when the firewall stops.
/// </para>
/// <para>
/// Calls act in the network namespace of the calling thread, are serialised between processes, and are atomic:
/// each applies one kernel transaction. All need root, for only root sees what filters.
/// Errors common to all: <see cref="EngineError.NotPrivileged"/>, <see cref="EngineError.FirewallConfigurationInvalid"/>,
/// <see cref="EngineError.FirewallFailed"/>, <see cref="EngineError.ToolMissing"/>, <see cref="EngineError.StoreLocked"/>.
/// </para>
/// </summary>
public interface IHostFirewall
{
    /// <summary>What filters now, and with which zones.</summary>
    HostFirewall Get();

    /// <summary>Loads the permanent configuration into the kernel. Idempotent: a running firewall is left as it is.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallOwned"/>: firewalld runs.</exception>
    HostFirewall Start(IEngineObserver observer);

    /// <summary>Stops filtering: every port is open. Idempotent.</summary>
    HostFirewall Stop();

    /// <summary>Has the service manager start it at boot. Idempotent.</summary>
    /// <param name="execStart">The command of the unit: an absolute path and its arguments, in systemd's syntax.</param>
    /// <param name="cancellationToken">Ends the wait for the service manager.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceManagerMissing"/>: no systemd runs this host.</exception>
    Task EnableAsync(string execStart, CancellationToken cancellationToken);

    /// <summary>Undoes <see cref="EnableAsync"/>; what runs goes on. Idempotent.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceManagerMissing"/>: no systemd runs this host.</exception>
    Task DisableAsync(CancellationToken cancellationToken);

    /// <summary>Makes the permanent rules the running ones, in one transaction; established connections live on.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallNotRunning"/>.</exception>
    HostFirewall Sync(SyncOptions options, IEngineObserver observer);

    /// <summary>All port rules of both configurations, by zone, protocol and port.</summary>
    IReadOnlyList<HostPortRule> GetRules();

    /// <summary>Opens a port. What is open already is no error; ranges that overlap become one, as in firewalld.</summary>
    /// <returns>The rule that the port is in now.</returns>
    /// <exception cref="LayerImageException">
    /// <see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>, <see cref="EngineError.ZoneNotFound"/>,
    /// <see cref="EngineError.FirewallNotRunning"/>, <see cref="EngineError.FirewallOwned"/>. Nothing was changed then.
    /// </exception>
    HostPortRule SetRule(PortRuleRequest request);

    /// <summary>Closes a port; a part of a range may be taken out. With Both, where it is open: at least one must have it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortRuleNotFound"/>, and those of <see cref="SetRule"/>.</exception>
    void RemoveRule(PortRuleRequest request);

    /// <summary>
    /// What lets each port of a range in now, in the ports' order; null for one that is closed. Without a zone the default
    /// zone is asked first, then the other active ones. The firewall is looked at once.
    /// </summary>
    IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone);

    /// <summary>Opens a port for as long as a container runs. Idempotent. False when no firewall of ours runs: nothing to open.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ZoneNotFound"/>.</exception>
    bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone);

    /// <summary>Closes all that was opened for a container. Idempotent; never fails because the firewall is stopped.</summary>
    void CloseForContainer(string containerId);
}
