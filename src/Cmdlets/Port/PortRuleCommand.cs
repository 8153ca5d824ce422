using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>The parameters that name a port rule, for Set- and Remove-HostPortRule.</summary>
public abstract class PortRuleCommand : HostFirewallCommand
{
    /// <summary>The set of parameters with -Port.</summary>
    protected const string PortSet = "Port";

    /// <summary>The set of parameters with -Service.</summary>
    protected const string ServiceSet = "Service";

    /// <summary>Services (https) instead of ports: what firewalld's files of that name open.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ServiceSet)]
    [ArgumentCompleter(typeof(FirewallServiceCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Service { get; set; } = [];

    /// <summary>Ports (9200), ranges ('8000-8010'), either with a protocol ('9200/udp'), also those of Get-ContainerPort.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PortSet, ValueFromPipelineByPropertyName = true)]
    [Alias("HostPorts")]
    [ValidateNotNullOrEmpty]
    public string[] Port { get; set; } = [];

    /// <summary>tcp, udp, sctp or dccp, or several of them; tcp when it is left out.</summary>
    [Parameter(ParameterSetName = PortSet, ValueFromPipelineByPropertyName = true)]
    [EnumNameTransformation]
    [ValidateNotNullOrEmpty]
    public FirewallProtocol[] Protocol { get; set; } = [FirewallProtocol.Tcp];

    /// <summary>The zone; the default zone when it is left out.</summary>
    [Parameter(ParameterSetName = PortSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = ServiceSet)]
    [ArgumentCompleter(typeof(FirewallZoneCompleter))]
    public string? Zone { get; set; }

    /// <summary>Only from this address or network: '192.0.2.0/24'.</summary>
    [Parameter(ParameterSetName = PortSet, ValueFromPipelineByPropertyName = true)]
    public string? Source { get; set; }

    /// <summary>Runtime: now. Permanent: after the next Sync-HostFirewall or start. Both is the default.</summary>
    [Parameter]
    public PortRuleScope? Scope { get; set; }

    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        RequireFilled((nameof(Zone), Zone), (nameof(Source), Source));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Does something for each port with each protocol; a port that names its protocol ('9200/udp') has that one. A failure is
    /// written and the next one follows.
    /// </summary>
    protected Task ForEachRequestAsync(Func<PortRuleRequest, Task> body) => ForEachAsync(Port, text => ForEachAsync(
        PortArgument.Read(text, Protocol, IsTyped(nameof(Protocol))).Select(named => new PortRuleRequest
        {
            Port = named.Port,
            Protocol = named.Protocol,
            Zone = Zone,
            Source = Source,
            Scope = Scope,
        }),
        body, request => request.Port));

    /// <summary>Does something for each service, with the zone that it is about: a failure is written and the next one follows.</summary>
    protected Task ForEachServiceAsync(Func<string, string, Task> body)
    {
        string zone = Zone ?? Firewall.Get(Observer).DefaultZone;
        return ForEachAsync(Service, service => body(service, zone));
    }

    /// <summary>A rule's name for messages.</summary>
    protected static string Describe(PortRuleRequest rule) =>
        $"{rule.Port}/{rule.Protocol.ToString().ToLowerInvariant()}"
        + (rule.Zone is null ? "" : " in zone " + rule.Zone)
        + (rule.Source is null ? "" : " from " + rule.Source);
}
