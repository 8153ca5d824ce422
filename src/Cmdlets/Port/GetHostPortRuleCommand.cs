using System.Globalization;
using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the port rules of the host's firewall, running and permanent.</summary>
[Cmdlet(VerbsCommon.Get, "HostPortRule")]
[OutputType(typeof(HostPortRule))]
public sealed class GetHostPortRuleCommand : HostFirewallCommand
{
    /// <summary>Only rules that cover one of these ports (9200), or a port of these ranges ('8000-8010').</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[]? Port { get; set; }

    /// <summary>Only for these protocols.</summary>
    [Parameter]
    [EnumNameTransformation]
    [ValidateNotNullOrEmpty]
    public FirewallProtocol[]? Protocol { get; set; }

    /// <summary>Only in these zones (wildcards).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Zone { get; set; }

    /// <summary>Only what is in force now, on disk, or in both.</summary>
    [Parameter]
    public PortRuleScope? Scope { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (Zone?.Where(zone => !WildcardPattern.ContainsWildcardCharacters(zone)).ToArray() is { Length: > 0 } named)
        {
            HostFirewall firewall = Firewall.Get(Observer);
            await ForEachAsync(named, zone =>
            {
                _ = firewall.GetZone(zone);
                return Task.CompletedTask;
            });
        }
        PortRange[]? ports = Port?.Select(PortRange.Parse).ToArray();
        WriteObject(Firewall.GetRules(Observer).Where(rule => Fits(rule, ports)), enumerateCollection: true);
    }

    private bool Fits(HostPortRule rule, PortRange[]? ports) =>
        (ports is null || ports.Any(new PortRange(rule.FirstPort, rule.LastPort).Overlaps))
        && (Protocol is null || Protocol.Contains(rule.Protocol))
        && (Zone is null || Zone.Any(zone => new WildcardPattern(zone, WildcardOptions.IgnoreCase).IsMatch(rule.Zone)))
        && (Scope switch
        {
            PortRuleScope.Runtime => rule.Runtime,
            PortRuleScope.Permanent => rule.Permanent,
            PortRuleScope.Both => rule.Runtime && rule.Permanent,
            _ => true,
        });
}
