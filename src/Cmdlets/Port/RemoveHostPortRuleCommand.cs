using System.Globalization;
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
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ForEachAsync(Requests(), request =>
    {
        if (!ShouldProcess(Describe(request), $"Close port ({request.Scope?.ToString() ?? "Both"})"))
        {
            return Task.CompletedTask;
        }
        if (ClosesOwnConnection(request) && !Force && !ShouldContinue("This session came in through that port: closing it may lock you out.", "Close the port of the current SSH connection"))
        {
            return Task.CompletedTask;
        }
        Engine.Firewall.RemoveRule(request);
        return Task.CompletedTask;
    }, request => InputObject ?? (object)request.Port);

    private IEnumerable<PortRuleRequest> Requests() => InputObject is HostPortRule rule
        ? [new() { Port = rule.Port, Protocol = rule.Protocol, Zone = rule.Zone, Source = rule.Source, Scope = Scope, Owner = rule.Owner }]
        : Port.Select(port => new PortRuleRequest { Port = port, Protocol = Protocol, Zone = Zone, Source = Source, Scope = Scope });

    // SSH_CONNECTION: client address, client port, server address, server port (sshd(8)).
    private static bool ClosesOwnConnection(PortRuleRequest request)
    {
        string[]? connection = Environment.GetEnvironmentVariable("SSH_CONNECTION")?.Split(' ');
        if (connection is not { Length: 4 } || request.Protocol != FirewallProtocol.Tcp || !int.TryParse(connection[3], CultureInfo.InvariantCulture, out int own))
        {
            return false;
        }
        string[] range = request.Port.Split('-');
        return int.TryParse(range[0], CultureInfo.InvariantCulture, out int first) && int.TryParse(range[^1], CultureInfo.InvariantCulture, out int last) && own >= first && own <= last;
    }
}
