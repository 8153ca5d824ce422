using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Opens ports in the host's firewall: now, permanently, or both at once.</summary>
[Cmdlet(VerbsCommon.Set, "HostPortRule", SupportsShouldProcess = true, DefaultParameterSetName = PortSet)]
[OutputType(typeof(HostPortRule), ParameterSetName = [PortSet])]
[OutputType(typeof(HostServiceRule), ParameterSetName = [ServiceSet])]
public sealed class SetHostPortRuleCommand : PortRuleCommand
{
    /// <summary>Seconds (or a TimeSpan) after which the port closes by itself. Implies -Scope Runtime.</summary>
    [Parameter(ParameterSetName = PortSet)]
    [DurationTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) =>
        ParameterSetName == ServiceSet ? ForEachServiceAsync(Open) : ForEachRequestAsync(Open);

    private Task Open(PortRuleRequest named)
    {
        PortRuleRequest request = named with { Timeout = Timeout };
        if (ShouldProcess(Describe(request), $"Open port ({Scope?.ToString() ?? (Timeout is null ? "Both" : "Runtime")})"))
        {
            WriteObject(Firewall.SetRule(request, Observer));
        }
        return Task.CompletedTask;
    }

    private Task Open(string service, string zone)
    {
        if (ShouldProcess($"service {service} in zone {zone}", $"Open ({Scope ?? PortRuleScope.Both})"))
        {
            string name = Firewall.SetZone(new ZoneRequest { Zone = zone, Scope = Scope, AddServices = [service] }, Observer).Name;
            WriteObject(Firewall.GetServiceRules(Observer).First(rule => rule.Service == service && rule.Zone == name));
        }
        return Task.CompletedTask;
    }
}
