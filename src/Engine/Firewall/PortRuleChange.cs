using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>A request whose texts have been read and whose parts fit together.</summary>
internal sealed record PortRuleChange(PortRange Range, FirewallProtocol Protocol, string? Zone, SourceAddress? Source, PortRuleScope Scope)
{
    public bool IsRuntime => Scope is PortRuleScope.Runtime or PortRuleScope.Both;

    public bool IsPermanent => Scope is PortRuleScope.Permanent or PortRuleScope.Both;

    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public static PortRuleChange From(PortRuleRequest request)
    {
        if (request.Timeout is { } timeout)
        {
            if (request.Scope is PortRuleScope.Permanent or PortRuleScope.Both)
            {
                throw new LayerImageException(EngineError.ParameterInvalid, $"A rule with a timeout cannot be in the permanent configuration (scope {request.Scope}).")
                {
                    Target = request.Scope,
                    Advice = "Leave -Scope out, or choose -Scope Runtime.",
                };
            }
            if (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(365))
            {
                throw new LayerImageException(EngineError.ParameterInvalid, $"A timeout of {timeout} is not possible.")
                {
                    Target = timeout,
                    Advice = "Give a time of more than nothing and at most a year.",
                };
            }
        }
        if (!FirewallProtocols.All.Contains(request.Protocol))
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"'{request.Protocol}' is not a protocol with ports.")
            {
                Target = request.Protocol,
                Advice = "The protocols are tcp, udp, sctp and dccp.",
            };
        }
        return new PortRuleChange(PortRange.Parse(request.Port), request.Protocol, request.Zone,
            request.Source is null ? null : SourceAddress.Parse(request.Source),
            request.Scope ?? (request.Timeout is null ? PortRuleScope.Both : PortRuleScope.Runtime));
    }
}
