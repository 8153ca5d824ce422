using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Closes ports in the host's firewall.</summary>
[Cmdlet(VerbsCommon.Remove, "HostPortRule", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
public sealed class RemoveHostPortRuleCommand : PortRuleCommand
{
    // The default, for else a piped rule would be bound by its properties, and whose rule it is would be lost.
    private const string InputObjectSet = "InputObject";

    // Not mandatory: PowerShell would ask a person for an object.
    /// <summary>Rules from the pipeline.</summary>
    [ValidateNotNull]
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public HostPortRule? InputObject { get; set; }

    /// <summary>Close the port of the current SSH connection without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ParameterSetName == ServiceSet ? ForEachServiceAsync(RemoveService)
        : ParameterSetName == InputObjectSet && InputObject is null ? throw NothingGiven("port", nameof(Port))
        : InputObject is not HostPortRule rule ? ForEachRequestAsync(Remove)
        : ForEachAsync(
            [new PortRuleRequest { Port = rule.Port, Protocol = rule.Protocol, Zone = rule.Zone, Source = rule.Source, Scope = Scope, Owner = rule.Owner }],
            Remove,
            _ => rule);

    private Task RemoveService(string service, string zone)
    {
        if (!ShouldProcess($"service {service} in zone {zone}", $"Close ({Scope ?? PortRuleScope.Both})"))
        {
            return Task.CompletedTask;
        }
        HostServiceRule? rule = Firewall.GetServiceRules(Observer)
            .FirstOrDefault(rule => rule.Service == service && rule.Zone.Equals(zone, StringComparison.OrdinalIgnoreCase)
                && Scope switch { PortRuleScope.Runtime => rule.Runtime, PortRuleScope.Permanent => rule.Permanent, _ => true })
            ?? throw new LayerImageException(EngineError.PortRuleNotFound,
                $"Service '{service}' is not let in by zone '{zone}' ({Scope ?? PortRuleScope.Both}).")
            {
                Target = service,
                Advice = "Get-HostPortRule -Service * lists the services that are let in.",
            };
        if (Force || RemoteSession.Find() is not { Protocol: FirewallProtocol.Tcp } session || !Opens(rule, session.Port)
            || ShouldContinue(
                "This session came in through a port of that service: closing it may lock you out.",
                "Close the port of the current SSH connection"))
        {
            Firewall.SetZone(
                new ZoneRequest
                {
                    Zone = zone,
                    Scope = Scope ?? (rule is { Runtime: true, Permanent: true } ? null : rule.Runtime ? PortRuleScope.Runtime : PortRuleScope.Permanent),
                    RemoveServices = [service],
                },
                Observer);
        }
        return Task.CompletedTask;
    }

    private static bool Opens(HostServiceRule rule, int port) => rule.Ports.Select(text => text.Split('/'))
        .Any(parts => parts[1] == "tcp" && PortRange.Parse(parts[0]).Contains(new PortRange(port, port)));

    private Task Remove(PortRuleRequest request)
    {
        if (ShouldProcess(Describe(request), $"Close port ({request.Scope?.ToString() ?? "Both"})")
            && (Force || !ClosesOwnConnection(request)
                || ShouldContinue("This session came in through that port: closing it may lock you out.", "Close the port of the current SSH connection")))
        {
            Firewall.RemoveRule(request, Observer);
        }
        return Task.CompletedTask;
    }

    private static bool ClosesOwnConnection(PortRuleRequest request) =>
        RemoteSession.Find() is { } session
            && request.Protocol == session.Protocol
            && PortRange.Parse(request.Port).Contains(new PortRange(session.Port, session.Port));
}
