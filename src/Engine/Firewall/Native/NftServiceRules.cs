namespace LayerImage.Engine.Firewall;

/// <summary>The matches of a service: packets to the host by their port, published ones by the port that was asked for.</summary>
internal static class NftServiceRules
{
    public static IEnumerable<string> Of(ServiceDefinition service, bool forward)
    {
        if (forward)
        {
            // A destination is the host's own or a group's; published ports have none.
            return service.DestinationV4 is not null || service.DestinationV6 is not null ? []
                : service.Ports.Select(port => $"meta l4proto {port.Protocol.Name()} ct original proto-dst {port.Range}");
        }
        string[] destinations = (service.DestinationV4, service.DestinationV6) switch
        {
            (null, null) => [""],
            ({ } v4, null) => [$"ip daddr {v4} "],
            (null, { } v6) => [$"ip6 daddr {v6} "],
            ({ } v4, { } v6) => [$"ip daddr {v4} ", $"ip6 daddr {v6} "],
        };
        return destinations.SelectMany(destination => service.Ports.Select(port => $"{destination}{port.Protocol.Name()} dport {port.Range}")
            .Concat(service.SourcePorts.Select(port => $"{destination}{port.Protocol.Name()} sport {port.Range}"))
            .Concat(service.Protocols.Select(protocol => $"{destination}meta l4proto {IpProtocols.Number(protocol)}")));
    }
}
