using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Closes ports in the host's firewall.</summary>
[Cmdlet(VerbsCommon.Remove, "HostPortRule", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
public sealed class RemoveHostPortRuleCommand : PortRuleCommand
{
    // The default, for else a piped rule would be bound by its properties, and whose rule it is would be lost.
    private const string InputObjectSet = "InputObject";

    /// <summary>Rules from the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public HostPortRule? InputObject { get; set; }

    /// <summary>Close the port of the current SSH connection without asking.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => InputObject is not HostPortRule rule ? ForEachRequestAsync(Remove)
        : ForEachAsync([new PortRuleRequest { Port = rule.Port, Protocol = rule.Protocol, Zone = rule.Zone, Source = rule.Source, Scope = Scope, Owner = rule.Owner }], Remove, _ => rule);

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
        RemoteSession.Find() is { } session && request.Protocol == session.Protocol && PortRange.Parse(request.Port).Contains(new PortRange(session.Port, session.Port));
}
