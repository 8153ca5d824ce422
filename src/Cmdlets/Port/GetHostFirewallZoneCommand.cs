using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the zones of the host's firewall with all that they let in.</summary>
[Cmdlet(VerbsCommon.Get, "HostFirewallZone")]
[OutputType(typeof(HostFirewallZone))]
public sealed class GetHostFirewallZoneCommand : HostFirewallCommand
{
    /// <summary>Only these zones (wildcards).</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    [Alias("Name")]
    [SupportsWildcards]
    [NameTransformation("Zone", "Name")]
    public string[]? Zone { get; set; }

    /// <summary>Only zones that something is bound to, and the default zone.</summary>
    [Parameter]
    public SwitchParameter Active { get; set; }

    /// <summary>The zones as they are on the disk, and not as they run.</summary>
    [Parameter]
    public SwitchParameter Permanent { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        HostFirewall firewall = Permanent ? Firewall.GetPermanent(Observer) : Firewall.Get(Observer);
        return ForEachAsync(Zone ?? ["*"], name =>
        {
            bool isPattern = Zone is null || IsPattern(nameof(Zone), name);
            WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
            IEnumerable<HostFirewallZone> found = isPattern ? firewall.Zones.Where(zone => pattern.IsMatch(zone.Name)) : [firewall.GetZone(name)];
            WriteObject(found.Where(zone => !Active || zone.IsActive), enumerateCollection: true);
            return Task.CompletedTask;
        });
    }
}
