using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Changes zones of the host's firewall: now, permanently, or both at once.</summary>
[Cmdlet(VerbsCommon.Set, "HostFirewallZone", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewallZone))]
public sealed class SetHostFirewallZoneCommand : ZoneSettingCommand
{
    /// <summary>Names of zones.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    [Alias("Name")]
    [NameTransformation("Zone", "Name")]
    public string[] Zone { get; set; } = [];

    /// <summary>Runtime: now. Permanent: after the next Sync-HostFirewall or start. Both is the default.</summary>
    [Parameter]
    public PortRuleScope? Scope { get; set; }

    /// <summary>Close the port of the current SSH session without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Zone, zone =>
    {
        ZoneRequest request = Request(zone, Scope);
        if (ShouldProcess($"firewall zone {zone}", $"Set ({Scope ?? PortRuleScope.Both}) {Describe(request)}") && MayCutOff(Force, request, defaultZone: null))
        {
            WriteObject(Firewall.SetZone(request, Observer));
        }
        return Task.CompletedTask;
    });
}

/// <summary>Makes a zone of the host's firewall. It is there after the next Sync-HostFirewall or start.</summary>
[Cmdlet(VerbsCommon.New, "HostFirewallZone", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewallZone))]
public sealed class NewHostFirewallZoneCommand : ZoneSettingCommand
{
    /// <summary>The new zone's name: at most 17 letters, digits, - and _.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    public string Zone { get; set; } = "";

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        ZoneRequest request = Request(Zone, PortRuleScope.Permanent);
        if (ShouldProcess($"firewall zone {Zone}", $"Make (Permanent) {Describe(request)}"))
        {
            WriteObject(Firewall.NewZone(request, Observer));
        }
        return Task.CompletedTask;
    }
}

/// <summary>Removes zones of the host's firewall. They are gone after the next Sync-HostFirewall or start.</summary>
[Cmdlet(VerbsCommon.Remove, "HostFirewallZone", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
public sealed class RemoveHostFirewallZoneCommand : HostFirewallCommand
{
    /// <summary>Names of zones.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    [Alias("Name")]
    [NameTransformation("Zone", "Name")]
    public string[] Zone { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Zone, zone =>
    {
        if (ShouldProcess($"firewall zone {zone}", "Remove (Permanent)"))
        {
            Firewall.RemoveZone(zone, Observer);
        }
        return Task.CompletedTask;
    });
}

/// <summary>Changes what holds for the host's firewall as a whole.</summary>
[Cmdlet(VerbsCommon.Set, "HostFirewall", SupportsShouldProcess = true)]
[OutputType(typeof(HostFirewall))]
public sealed class SetHostFirewallCommand : HostFirewallCommand
{
    /// <summary>The zone of what is bound to none: at once and permanently.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string? DefaultZone { get; set; }

    /// <summary>Let nothing in or out, this session included, until -Panic:$false or a restart.</summary>
    [Parameter]
    public SwitchParameter Panic { get; set; }

    /// <summary>Which refused packets the kernel's log tells of: off, all, unicast, broadcast or multicast.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FirewallLogCompleter))]
    [ValidateNotNullOrEmpty]
    public string? LogDenied { get; set; }

    /// <summary>Cut off the current SSH session without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        bool? panic = IsTyped(nameof(Panic)) ? Panic.IsPresent : null;
        (string Name, string? Value)[] settings = [("default zone", DefaultZone), ("panic", panic?.ToString()), ("log of refused packets", LogDenied)];
        string action = string.Join("; ", settings.Where(setting => setting.Value is not null).Select(setting => $"{setting.Name}: {setting.Value}"));
        if (!ShouldProcess("host firewall", $"Set {(action.Length == 0 ? "nothing" : action)}"))
        {
            return Task.CompletedTask;
        }
        if (panic == true && !Force && RemoteSession.Find() is not null
            && !ShouldContinue("Panic mode ends this session too, and only the machine's own console can end it.", "Cut off the current SSH session"))
        {
            return Task.CompletedTask;
        }
        if (DefaultZone is not null && !MayCutOff(Force, zone: null, DefaultZone))
        {
            return Task.CompletedTask;
        }
        WriteObject(Firewall.Configure(new HostFirewallSettings { DefaultZone = DefaultZone, Panic = panic, LogDenied = LogDenied }, Observer));
        return Task.CompletedTask;
    }
}

/// <summary>Tells what is wrong with the files of the host firewall's permanent configuration; nothing when all is well.</summary>
[Cmdlet(VerbsDiagnostic.Test, "HostFirewall")]
[OutputType(typeof(HostFirewallIssue))]
public sealed class TestHostFirewallCommand : HostFirewallCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        WriteObject(Firewall.Check(), enumerateCollection: true);
        return Task.CompletedTask;
    }
}
