using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Tells what filters this host, with its zones.</summary>
[Cmdlet(VerbsCommon.Get, "HostFirewall")]
[OutputType(typeof(HostFirewall))]
public sealed class GetHostFirewallCommand : HostFirewallCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        WriteObject(Firewall.Get(Observer));
        return Task.CompletedTask;
    }
}

/// <summary>
/// Starts the host's firewall with its permanent rules: firewalld where it is installed, else the module's own. Loopback,
/// established connections, ssh and dhcpv6-client stay open.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "HostFirewall", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewall))]
public sealed class StartHostFirewallCommand : HostFirewallCommand
{
    /// <summary>Close the port of the current SSH session without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (!ShouldApplyPermanentRules("Start", Force))
        {
            return;
        }
        HostFirewall started = Firewall.Start(Observer);
        RestoreContainerNetwork();
        try
        {
            await Engine.Containers.Network.OpenHostPortsAgainAsync(cancellationToken);
        }
        catch (LayerImageException error)
        {
            // The firewall is what was asked for; a damaged store must not keep a host from it.
            WriteWarning($"The firewall was started. Containers' ports were not opened: {error.Message}");
        }
        WriteObject(started);
    }
}

/// <summary>Stops the host's firewall: every port is open then.</summary>
[Cmdlet(VerbsLifecycle.Stop, "HostFirewall", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewall))]
public sealed class StopHostFirewallCommand : HostFirewallCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Stop, which opens every port"))
        {
            Firewall.Stop(Observer);
            WriteObject(Firewall.Get(Observer));
        }
        return Task.CompletedTask;
    }
}

/// <summary>Has the host's firewall started at boot, by a systemd unit.</summary>
[Cmdlet(VerbsLifecycle.Enable, "HostFirewall", SupportsShouldProcess = true)]
public sealed class EnableHostFirewallCommand : HostFirewallCommand
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Start at boot"))
        {
            await Firewall.EnableAsync(cancellationToken);
        }
    }
}

/// <summary>Has the host's firewall no longer started at boot.</summary>
[Cmdlet(VerbsLifecycle.Disable, "HostFirewall", SupportsShouldProcess = true)]
public sealed class DisableHostFirewallCommand : HostFirewallCommand
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Do not start at boot"))
        {
            await Firewall.DisableAsync(cancellationToken);
        }
    }
}

/// <summary>Makes the permanent rules the running ones; established connections live on.</summary>
[Cmdlet(VerbsData.Sync, "HostFirewall", SupportsShouldProcess = true, DefaultParameterSetName = "PermanentToRuntime")]
[OutputType(typeof(HostFirewall))]
public sealed class SyncHostFirewallCommand : HostFirewallCommand
{
    /// <summary>Forget established connections too.</summary>
    [Parameter(ParameterSetName = "PermanentToRuntime")]
    public SwitchParameter Complete { get; set; }

    /// <summary>The other way round: the running port rules become the permanent ones.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "RuntimeToPermanent")]
    public SwitchParameter RuntimeToPermanent { get; set; }

    /// <summary>Close the port of the current SSH session without asking.</summary>
    [Parameter(ParameterSetName = "PermanentToRuntime")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (RuntimeToPermanent
            ? ShouldProcess("host firewall", "Make the running rules permanent")
            : ShouldApplyPermanentRules("Make the permanent rules the running ones", Force))
        {
            RestoreContainerNetwork();
            WriteObject(Firewall.Sync(new SyncOptions { Complete = Complete, RuntimeToPermanent = RuntimeToPermanent }, Observer));
        }
        return Task.CompletedTask;
    }
}
