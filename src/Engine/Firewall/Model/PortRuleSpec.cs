using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>A request whose texts have been read and whose parts fit together.</summary>
internal sealed record PortRuleSpec(PortRange Range, FirewallProtocol Protocol, string? Zone, SourceAddress? Source, PortRuleScope Scope)
{
    public bool IsRuntime => Scope is PortRuleScope.Runtime or PortRuleScope.Both;

    public bool IsPermanent => Scope is PortRuleScope.Permanent or PortRuleScope.Both;

    /// <summary>The element of a port set that the request is about.</summary>
    public PortElement Element => new(Protocol, Range) { Timeout = Timeout };

    /// <summary>How long the rule is to last, or null for ever.</summary>
    public TimeSpan? Timeout { get; private init; }

    /// <summary>A rule of a user's: one of a container's is not made by hand.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public static PortRuleSpec FromUser(PortRuleRequest request) => request.Owner is null ? From(request)
        : throw new LayerImageException(EngineError.ParameterInvalid, "A rule of a container's is made when the container starts, not by hand.")
        {
            Target = request,
            Advice = "Start the container with -OpenHostPort, or leave the owner out.",
        };

    /// <summary>Finds the rule that a port of this request is in now.</summary>
    public HostPortRule FindIn(IEnumerable<HostPortRule> rules, string zone) =>
        rules.First(found => found.Owner is null && found.Zone == zone && found.Protocol == Protocol
            && found.Source == Source?.ToString()
            && found.FirstPort <= Range.First
            && Range.First <= found.LastPort
            && (IsRuntime ? found.Runtime : found.Permanent));

    /// <summary>
    /// How a removal changes one configuration's set after the other; told whether the set is the last one to be asked. At
    /// least one of them must have the rule.
    /// </summary>
    public Func<IReadOnlyList<PortElement>, bool, PortSetChange> Removal()
    {
        bool found = false;
        return (set, isLast) =>
        {
            PortSetChange? removal = PortSetAlgebra.Remove(set, Protocol, Range);
            found |= removal is not null;
            return found || !isLast ? removal ?? PortSetChange.None : throw NotFound();
        };
    }

    /// <summary>The error for a rule that is not there.</summary>
    public LayerImageException NotFound() =>
        new(EngineError.PortRuleNotFound, $"No rule opens {Range}/{Protocol.Name()} in {(Zone is null ? "the default zone" : $"zone '{Zone}'")}"
            + $"{(Source is { } source ? $" from {source}" : "")} ({Scope}).")
        {
            Target = Range.ToString(),
            Advice = "Get-HostPortRule lists the rules, with their zones. "
                + "A container's rule goes with the container, or when it is piped to Remove-HostPortRule.",
        };

    /// <exception cref="LayerImageException"><see cref="EngineError.PortInvalid"/>, <see cref="EngineError.ParameterInvalid"/>.</exception>
    public static PortRuleSpec From(PortRuleRequest request)
    {
        if (request.Timeout is { } timeout)
        {
            if (request.Scope is PortRuleScope.Permanent or PortRuleScope.Both)
            {
                throw new LayerImageException(EngineError.ParameterInvalid,
                    $"A rule with a timeout cannot be in the permanent configuration (scope {request.Scope}).")
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
        return new PortRuleSpec(PortRange.Parse(request.Port), FirewallProtocols.Require(request.Protocol), request.Zone,
            request.Source is null ? null : SourceAddress.Parse(request.Source),
            request.Scope ?? (request.Timeout is null ? PortRuleScope.Both : PortRuleScope.Runtime))
        { Timeout = request.Timeout };
    }
}
