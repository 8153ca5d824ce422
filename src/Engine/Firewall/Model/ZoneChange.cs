using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Firewall;

/// <summary>A zone request whose texts have been read: what it makes of a zone.</summary>
internal sealed class ZoneChange
{
    private readonly ZoneRequest _request;
    private readonly ForwardPort[] _addForwards, _removeForwards;

    private ZoneChange(ZoneRequest request, string? target)
    {
        _request = request;
        _addForwards = [.. request.AddForwards.Select(ForwardPort.From)];
        _removeForwards = [.. request.RemoveForwards.Select(ForwardPort.From)];
        Target = target;
        Scope = request.Scope ?? PortRuleScope.Both;
    }

    public string Zone => _request.Zone;

    public PortRuleScope Scope { get; }

    public bool IsRuntime => Scope is PortRuleScope.Runtime or PortRuleScope.Both;

    public bool IsPermanent => Scope is PortRuleScope.Permanent or PortRuleScope.Both;

    /// <summary>The target as firewalld's files have it, or null.</summary>
    public string? Target { get; }

    /// <summary>It changes what firewalld keeps on the disk only.</summary>
    public bool IsOfTheDisk => Target is not null || _request.Description is not null;

    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>, <see cref="EngineError.PortInvalid"/>.</exception>
    public static ZoneChange From(ZoneRequest request)
    {
        Check(request.Interfaces, FirewallNames.IsInterface, "an interface's name", "An interface's name has at most 15 characters and no / or blank.");
        Check(request.Sources, IsSource, "a source", "Give an address, a network (10.0.0.0/8) or a hardware address.");
        Check(
            [.. request.Services ?? [], .. request.AddServices, .. request.RemoveServices],
            FirewallNames.IsService,
            "a service's name",
            "Get-HostPortRule -Service * lists the services that are let in.");
        Check(request.Protocols, FirewallNames.IsProtocol, "a protocol", "Give a name (gre, esp, igmp) or a number of IANA's registry.");
        Check(request.SourcePorts, text => TryPort(text, out _), "a port with its protocol", "Write it as 68/udp.");
        Check(request.IcmpBlocks, FirewallNames.IsService, "a type of ICMP", "The types are firewalld's: echo-request, redirect, timestamp-request …");
        string? target = request.Target?.ToUpperInvariant() switch
        {
            null => null,
            "DEFAULT" => ZoneSettings.DefaultTarget,
            "ACCEPT" => "ACCEPT",
            "DROP" => "DROP",
            "REJECT" or "%%REJECT%%" => "%%REJECT%%",
            _ => throw Invalid(request.Target!, "a target", "The targets are default, ACCEPT, DROP and REJECT."),
        };
        return new ZoneChange(request, target);
    }

    /// <summary>What becomes of a zone.</summary>
    public ZoneSettings ApplyTo(ZoneSettings zone) => zone with
    {
        Target = Target ?? zone.Target,
        Description = _request.Description ?? zone.Description,
        Interfaces = Distinct(_request.Interfaces) ?? zone.Interfaces,
        Sources = Distinct(_request.Sources?.Select(Canonical)) ?? zone.Sources,
        Services = [.. (Distinct(_request.Services) ?? zone.Services).Union(_request.AddServices).Except(_request.RemoveServices)],
        Protocols = Distinct(_request.Protocols) ?? zone.Protocols,
        SourcePorts = _request.SourcePorts is { } ports ? [.. ports.Select(Port).Distinct()] : zone.SourcePorts,
        ForwardPorts = Forwards(zone.ForwardPorts),
        IcmpBlocks = Distinct(_request.IcmpBlocks) ?? zone.IcmpBlocks,
        IcmpBlockInversion = _request.IcmpBlockInversion ?? zone.IcmpBlockInversion,
        Masquerade = _request.Masquerade ?? zone.Masquerade,
        Forward = _request.Forward ?? zone.Forward,
    };

    private ForwardPort[] Forwards(IReadOnlyList<ForwardPort> forwards)
    {
        // Two for the same packets: which of them holds would be a matter of their order.
        ForwardPort[] others = [.. forwards.Except(_removeForwards)
            .Where(other => !_addForwards.Any(added => added.Range == other.Range && added.Overlaps(other)))];
        return others.FirstOrDefault(other => _addForwards.Any(other.Overlaps)) is { } taken
            ? throw new LayerImageException(EngineError.ParameterInvalid,
                $"Zone '{Zone}' sends {taken.Range}/{taken.Protocol.Name()} elsewhere already, which has ports in common with these.")
            {
                Target = taken.Range.ToString(),
                Advice = $"Remove-HostPortForward {taken.Range}/{taken.Protocol.Name()} -Zone {Zone} takes that away. Nothing was changed.",
            }
            : [.. others, .. _addForwards];
    }

    /// <summary>Refuses what is bound to another zone of a configuration: firewalld's ZONE_CONFLICT.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ZoneConflict"/>.</exception>
    public static void RequireFree(ZoneSettings changed, FirewallState state)
    {
        foreach (ZoneSettings other in state.Zones.Values.Where(other => other.Name != changed.Name))
        {
            if (changed.Interfaces.Concat(changed.Sources).Intersect(other.Interfaces.Concat(other.Sources)).FirstOrDefault() is { } taken)
            {
                throw new LayerImageException(EngineError.ZoneConflict, $"'{taken}' is in zone '{other.Name}' already.")
                {
                    Target = taken,
                    Advice = $"Take it out there first, by Set-HostFirewallZone {other.Name} with what is to stay. Nothing was changed.",
                };
            }
        }
    }

    /// <summary>Refuses services that nobody knows.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ServiceNotFound"/>.</exception>
    public void RequireServices(Func<string, ServiceDefinition?> find)
    {
        if ((_request.Services ?? []).Concat(_request.AddServices).FirstOrDefault(name => find(name) is null) is { } unknown)
        {
            throw new LayerImageException(EngineError.ServiceNotFound, $"There is no service '{unknown}'.")
            {
                Target = unknown,
                Advice = "Look for it in /usr/lib/firewalld/services, or open its ports by their numbers. Nothing was changed.",
            };
        }
    }

    private static string[]? Distinct(IEnumerable<string>? names) => names?.Distinct().ToArray();

    private static bool IsSource(string text) => SourceAddress.TryParse(text, out _) || FirewallNames.IsHardwareAddress(text);

    private static string Canonical(string text) => SourceAddress.TryParse(text, out SourceAddress address) ? address.ToString() : text.ToLowerInvariant();

    private static PortElement Port(string text) => TryPort(text, out PortElement? port) ? port! : throw new FormatException(text);

    private static bool TryPort(string text, out PortElement? port)
    {
        port = text.Split('/') is [var range, var name]
            && PortRange.TryParse(range, out PortRange ports)
            && FirewallProtocols.TryParse(name.ToLowerInvariant(), out FirewallProtocol protocol)
            ? new PortElement(protocol, ports) : null;
        return port is not null;
    }

    private static void Check(IReadOnlyList<string>? texts, Func<string, bool> test, string what, string advice)
    {
        if ((texts ?? []).FirstOrDefault(text => text is null || !test(text)) is { } wrong)
        {
            throw Invalid(wrong, what, advice);
        }
    }

    private static LayerImageException Invalid(string text, string what, string advice) =>
        new(EngineError.ParameterInvalid, $"'{text}' is not {what}.") { Target = text, Advice = advice };
}
