using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>The parameters that name a forward port, for Set- and Remove-HostPortForward.</summary>
public abstract class PortForwardCommand : HostFirewallCommand
{
    /// <summary>Ports that are asked for (80), ranges ('8000-8010'), either with a protocol ('53/udp').</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Port { get; set; } = [];

    /// <summary>tcp, udp, sctp or dccp, or several of them; tcp when it is left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [EnumNameTransformation]
    [ValidateNotNullOrEmpty]
    public FirewallProtocol[] Protocol { get; set; } = [FirewallProtocol.Tcp];

    /// <summary>The zone whose packets are forwarded; the default zone when it is left out.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    public string? Zone { get; set; }

    /// <summary>Runtime: now. Permanent: after the next Sync-HostFirewall or start. Both is the default.</summary>
    [Parameter]
    public PortRuleScope? Scope { get; set; }

    /// <summary>Go on without asking where the port of the current SSH session is concerned.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        RequireFilled((nameof(Zone), Zone));
        return Task.CompletedTask;
    }

    /// <summary>Does something for each port with each protocol, with the zone's name; a failure is written and the next one follows.</summary>
    protected Task ForEachPortAsync(Action<string, FirewallProtocol, string> body)
    {
        string zone = string.IsNullOrEmpty(Zone) ? Firewall.Get(Observer).DefaultZone : Zone;
        return ForEachAsync(Port, text => ForEachAsync(PortArgument.Read(text, Protocol, IsTyped(nameof(Protocol))), named =>
        {
            body(named.Port, named.Protocol, zone);
            return Task.CompletedTask;
        }, named => named.Port));
    }
}
