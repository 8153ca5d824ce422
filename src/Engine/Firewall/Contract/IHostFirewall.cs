using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// The host's firewall: zones, each with the ports that it lets in, in two configurations.
/// <para>
/// The running one is what filters now: the kernel's table, or what firewalld says. The permanent one is a folder of
/// firewalld's zone files; it becomes the running one at <see cref="Start"/> and <see cref="Sync"/>. A rule is made in
/// either or in both. A container's rule (<see cref="OpenForContainer"/>) is running only, survives a Sync, and goes with the
/// container or when the firewall stops.
/// </para>
/// <para>
/// Calls act in the network namespace of the calling thread, are serialised between processes, and are atomic: all of
/// what was asked is done, or none. The native firewall needs root, for only root sees what filters; firewalld asks polkit.
/// Errors common to all: <see cref="EngineError.NotPrivileged"/>, <see cref="EngineError.FirewallConfigurationInvalid"/>,
/// <see cref="EngineError.FirewallFailed"/>, <see cref="EngineError.ToolMissing"/>, <see cref="EngineError.StoreLocked"/>.
/// </para>
/// </summary>
public interface IHostFirewall
{
    /// <summary>Who filters this host's ports.</summary>
    FirewallBackend Backend { get; }

    /// <summary>What filters now, and with which zones.</summary>
    HostFirewall Get(IEngineObserver observer);

    /// <summary>Makes the permanent configuration the running one. Idempotent: a running firewall is left as it is.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallFailed"/>.</exception>
    HostFirewall Start(IEngineObserver observer);

    /// <summary>Stops filtering: every port is open. Idempotent.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceManagerMissing"/>: firewalld runs, and not by systemd.</exception>
    void Stop(IEngineObserver observer);

    /// <summary>Has the service manager start it at boot. Idempotent.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceManagerMissing"/>: no systemd runs this host.</exception>
    Task EnableAsync(CancellationToken cancellationToken);

    /// <summary>Undoes <see cref="EnableAsync"/>; what runs goes on. Idempotent.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceManagerMissing"/>: no systemd runs this host.</exception>
    Task DisableAsync(CancellationToken cancellationToken);

    /// <summary>Makes the permanent rules the running ones; established connections live on, and no packet sees half of them.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.FirewallNotRunning"/>.</exception>
    HostFirewall Sync(SyncOptions options, IEngineObserver observer);

    /// <summary>The zones as they are on the disk.</summary>
    HostFirewall GetPermanent(IEngineObserver observer);

    /// <summary>Changes a zone: both configurations, or neither. The zone as it is then.</summary>
    /// <exception cref="LayerImageException">
    /// <see cref="EngineError.ZoneNotFound"/>, <see cref="EngineError.ZoneConflict"/>, <see cref="EngineError.ServiceNotFound"/>,
    /// <see cref="EngineError.ParameterInvalid"/>, <see cref="EngineError.FirewallNotRunning"/>. Nothing was changed then.
    /// </exception>
    HostFirewallZone SetZone(ZoneRequest request, IEngineObserver observer);

    /// <summary>Makes a zone, on the disk: it is there after the next Sync or start.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.NameInUse"/>, and those of <see cref="SetZone"/>.</exception>
    HostFirewallZone NewZone(ZoneRequest request, IEngineObserver observer);

    /// <summary>Takes a zone off the disk: it is gone after the next Sync or start.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>; <see cref="EngineError.ParameterInvalid"/>:
    /// it is the default zone, or built in.</exception>
    void RemoveZone(string zone, IEngineObserver observer);

    /// <summary>Changes what holds for the firewall as a whole.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneNotFound"/>, <see cref="EngineError.ParameterInvalid"/>,
    /// <see cref="EngineError.FirewallNotRunning"/>.</exception>
    HostFirewall Configure(HostFirewallSettings settings, IEngineObserver observer);

    /// <summary>What is wrong with the files of the permanent configuration; empty when nothing is.</summary>
    IReadOnlyList<HostFirewallIssue> Check();

    /// <summary>The services that zones let in, of both configurations, by zone and name.</summary>
    IReadOnlyList<HostServiceRule> GetServiceRules(IEngineObserver observer);

    /// <summary>The forward ports of both configurations, by zone, protocol and port. <see cref="SetZone"/> makes and removes them.</summary>
    IReadOnlyList<HostPortForward> GetForwards(IEngineObserver observer);

    /// <summary>The port rules of both configurations, by zone, protocol and port.</summary>
    /// <param name="observer">Hears of files that are not understood.</param>
    /// <param name="zone">Only those of this zone, whose name may be in another case. Less is asked then; null for all.</param>
    /// <exception cref="LayerImageException">ZoneNotFound: neither configuration has the zone.</exception>
    IReadOnlyList<HostPortRule> GetRules(IEngineObserver observer, string? zone = null);

    /// <summary>Opens a port. What is open already is no error; ranges that overlap become one, as in firewalld.</summary>
    /// <returns>The rule that the port is in now.</returns>
    /// <exception cref="LayerImageException">
    /// <see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>, <see cref="EngineError.ZoneNotFound"/>,
    /// <see cref="EngineError.FirewallNotRunning"/>. Nothing was changed then.
    /// </exception>
    HostPortRule SetRule(PortRuleRequest request, IEngineObserver observer);

    /// <summary>Closes a port; a part of a range may be taken out. With Both, where it is open: at least one must have it.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortRuleNotFound"/>, and those of <see cref="SetRule"/>.</exception>
    void RemoveRule(PortRuleRequest request, IEngineObserver observer);

    /// <summary>
    /// What lets each port of a range in now, in the ports' order; null for one that is closed. Without a zone the default
    /// zone is asked first, then the other active ones. The firewall is looked at once.
    /// </summary>
    IReadOnlyList<HostPortOpening?> FindOpenings(PortRange ports, FirewallProtocol protocol, string? zone);

    /// <summary>Those connections that the permanent rules would not let in, were they the running ones.</summary>
    IReadOnlyList<HostConnection> FindShutOut(IReadOnlyList<HostConnection> connections);

    /// <summary>firewalld's policies, by name; of the module's own firewall those that it keeps for firewalld.</summary>
    /// <param name="permanent">Those on the disk, and not those that hold now.</param>
    /// <param name="observer">Hears of files that cannot be understood.</param>
    IReadOnlyList<HostFirewallPolicy> GetPolicies(bool permanent, IEngineObserver observer);

    /// <summary>firewalld's sets of addresses, by name, as <see cref="GetPolicies"/>.</summary>
    IReadOnlyList<HostFirewallIpSet> GetIpSets(bool permanent, IEngineObserver observer);

    /// <summary>Those connections that are let in now and would not be any more after a change of what runs.</summary>
    /// <param name="connections">The connections.</param>
    /// <param name="zone">The change of a zone, or null.</param>
    /// <param name="defaultZone">The new default zone, or null.</param>
    /// <exception cref="LayerImageException">As <see cref="SetZone"/> and <see cref="Configure"/>.</exception>
    IReadOnlyList<HostConnection> FindCutOff(IReadOnlyList<HostConnection> connections, ZoneRequest? zone, string? defaultZone);

    /// <summary>
    /// Sees to it that containers' connections to other hosts pass, and that their published ports obey the zones. For each
    /// start of a container, before its ports are published; next to nothing where it is so already.
    /// </summary>
    void AdmitContainers(IEngineObserver observer);

    /// <summary>Opens a port for as long as a container runs. Idempotent. False when no firewall of ours runs: nothing to open.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ZoneNotFound"/>.</exception>
    bool OpenForContainer(string containerId, string port, FirewallProtocol protocol, string? zone);

    /// <summary>Closes all that was opened for a container. Idempotent; never fails because the firewall is stopped.</summary>
    void CloseForContainer(string containerId);
}
