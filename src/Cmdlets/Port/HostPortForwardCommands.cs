using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists the forward ports of the host's firewall, running and permanent.</summary>
[Cmdlet(VerbsCommon.Get, "HostPortForward")]
[OutputType(typeof(HostPortForward))]
public sealed class GetHostPortForwardCommand : HostFirewallCommand
{
    /// <summary>Only those for one of these ports (80), or for a port of these ranges ('8000-8010').</summary>
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
        await RequireZonesAsync(Zone);
        PortRange[]? ports = Port?.Select(PortRange.Parse).ToArray();
        WriteObject(Firewall.GetForwards(Observer).Where(forward => (ports is null || ports.Any(new PortRange(forward.FirstPort, forward.LastPort).Overlaps))
            && (Protocol is null || Protocol.Contains(forward.Protocol))
            && FitsZone(Zone, forward.Zone) && FitsScope(Scope, forward.Runtime, forward.Permanent)), enumerateCollection: true);
    }
}

/// <summary>Sends ports of this host to other ports, of this host or of another: now, permanently, or both at once.</summary>
[Cmdlet(VerbsCommon.Set, "HostPortForward", SupportsShouldProcess = true)]
[OutputType(typeof(HostPortForward))]
public sealed class SetHostPortForwardCommand : PortForwardCommand
{
    /// <summary>The port (8080), or the range, that they become; they stay when it is left out.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    public string? ToPort { get; set; }

    /// <summary>The IPv4 or IPv6 address of the host that they go to; this host when it is left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? ToAddress { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        RequireFilled((nameof(ToPort), ToPort), (nameof(ToAddress), ToAddress));
        return base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachPortAsync((port, protocol, zone) =>
    {
        PortForwardRequest forward = new() { Port = port, Protocol = protocol, ToPort = NullIfEmpty(ToPort), ToAddress = NullIfEmpty(ToAddress) };
        ZoneRequest request = new() { Zone = zone, Scope = Scope, AddForwards = [forward] };
        string target = $"{forward.ToAddress ?? "this host"}{(forward.ToPort is null ? "" : $", port {forward.ToPort}")}";
        if (!ShouldProcess(
                $"{port}/{protocol.ToString().ToLowerInvariant()} in zone {zone}",
                $"Forward to {target} ({Scope ?? PortRuleScope.Both})")
            || !MayTakeFromSession(port, protocol))
        {
            return;
        }
        string name = Firewall.SetZone(request, Observer).Name;
        PortRange ports = PortRange.Parse(port);
        bool IsThis(HostPortForward found) => found.Zone == name && found.Protocol == protocol
            && found.FirstPort == ports.First && found.LastPort == ports.Last && FitsScope(Scope, found.Runtime, found.Permanent);
        WriteObject(Firewall.GetForwards(Observer).First(IsThis));
    });

    private bool MayTakeFromSession(string port, FirewallProtocol protocol) => Force
        || RemoteSession.Find() is not { } session
        || session.Protocol != protocol
        || !PortRange.Parse(port).Contains(new PortRange(session.Port, session.Port))
        || ShouldContinue(
            $"This session came in through port {session.Port}, which is to lead elsewhere: a new one could not.",
            "Forward the port of the current SSH session");

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>Removes forward ports of the host's firewall.</summary>
[Cmdlet(VerbsCommon.Remove, "HostPortForward", SupportsShouldProcess = true)]
public sealed class RemoveHostPortForwardCommand : PortForwardCommand
{
    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachPortAsync((port, protocol, zone) =>
    {
        if (!ShouldProcess($"{port}/{protocol.ToString().ToLowerInvariant()} in zone {zone}", $"Forward no longer ({Scope ?? PortRuleScope.Both})"))
        {
            return;
        }
        PortRange ports = PortRange.Parse(port);
        HostPortForward[] found = [.. Firewall.GetForwards(Observer).Where(forward => forward.Zone.Equals(zone, StringComparison.OrdinalIgnoreCase)
            && forward.Protocol == protocol && forward.FirstPort == ports.First && forward.LastPort == ports.Last
            && Scope switch { PortRuleScope.Runtime => forward.Runtime, PortRuleScope.Permanent => forward.Permanent, _ => true })];
        if (found.Length == 0)
        {
            throw new LayerImageException(EngineError.PortRuleNotFound,
                $"Zone '{zone}' forwards no {port}/{protocol.ToString().ToLowerInvariant()} ({Scope ?? PortRuleScope.Both}).")
            {
                Target = port,
                Advice = "Get-HostPortForward lists what is forwarded, by the ports that are asked for.",
            };
        }
        foreach (HostPortForward forward in found)
        {
            _ = Firewall.SetZone(new ZoneRequest
            {
                Zone = forward.Zone,
                Scope = Scope is null or PortRuleScope.Both ? forward.Scope : Scope,
                RemoveForwards = [new PortForwardRequest
                {
                    Port = forward.Port,
                    Protocol = forward.Protocol,
                    ToPort = forward.ToPort,
                    ToAddress = forward.ToAddress,
                }],
            }, Observer);
        }
    });
}
