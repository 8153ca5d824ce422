using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Tells what filters this host, with its zones.</summary>
[Cmdlet(VerbsCommon.Get, "HostFirewall")]
[OutputType(typeof(HostFirewall))]
public sealed class GetHostFirewallCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        WriteObject(Engine.Firewall.Get());
        return Task.CompletedTask;
    }
}

/// <summary>Starts the host's firewall with its permanent rules. Loopback, established connections, ssh and dhcpv6-client stay open.</summary>
[Cmdlet(VerbsLifecycle.Start, "HostFirewall", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewall))]
public sealed class StartHostFirewallCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Start"))
        {
            HostFirewall started = Engine.Firewall.Start(Observer);
            await Engine.Containers.OpenHostPortsAgainAsync(cancellationToken);
            WriteObject(started);
        }
    }
}

/// <summary>Stops the host's firewall: every port is open then.</summary>
[Cmdlet(VerbsLifecycle.Stop, "HostFirewall", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewall))]
public sealed class StopHostFirewallCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Stop, which opens every port"))
        {
            WriteObject(Engine.Firewall.Stop());
        }
        return Task.CompletedTask;
    }
}

/// <summary>Has the host's firewall started at boot, by a systemd unit.</summary>
[Cmdlet(VerbsLifecycle.Enable, "HostFirewall", SupportsShouldProcess = true)]
public sealed class EnableHostFirewallCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Start at boot"))
        {
            await Engine.Firewall.EnableAsync(Engine.FirewallStartCommand, cancellationToken);
        }
    }
}

/// <summary>Has the host's firewall no longer started at boot.</summary>
[Cmdlet(VerbsLifecycle.Disable, "HostFirewall", SupportsShouldProcess = true)]
public sealed class DisableHostFirewallCommand : LayerImageCmdlet
{
    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", "Do not start at boot"))
        {
            await Engine.Firewall.DisableAsync(cancellationToken);
        }
    }
}

/// <summary>Makes the permanent rules the running ones; established connections live on.</summary>
[Cmdlet(VerbsData.Sync, "HostFirewall", SupportsShouldProcess = true, DefaultParameterSetName = "PermanentToRuntime")]
[OutputType(typeof(HostFirewall))]
public sealed class SyncHostFirewallCommand : LayerImageCmdlet
{
    /// <summary>Forget established connections too.</summary>
    [Parameter(ParameterSetName = "PermanentToRuntime")]
    public SwitchParameter Complete { get; set; }

    /// <summary>The other way round: the running port rules become the permanent ones.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "RuntimeToPermanent")]
    public SwitchParameter RuntimeToPermanent { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ShouldProcess("host firewall", RuntimeToPermanent ? "Make the running rules permanent" : "Make the permanent rules the running ones"))
        {
            WriteObject(Engine.Firewall.Sync(new SyncOptions { Complete = Complete, RuntimeToPermanent = RuntimeToPermanent }, Observer));
        }
        return Task.CompletedTask;
    }
}
