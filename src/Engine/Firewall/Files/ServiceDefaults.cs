namespace LayerImage.Engine.Firewall;

/// <summary>The services that are there without a file. The ports are IANA's or the programs' own defaults, under firewalld's names.</summary>
internal static class ServiceDefaults
{
    private const string Ports = """
        amqp tcp/5672
        cockpit tcp/9090
        dhcp udp/67
        dhcpv6 udp/547
        dns tcp/53 udp/53
        dns-over-tls tcp/853
        docker-registry tcp/5000
        elasticsearch tcp/9200 tcp/9300
        etcd-client tcp/2379
        etcd-server tcp/2380
        ftp tcp/21
        git tcp/9418
        grafana tcp/3000
        http tcp/80
        http3 udp/443
        https tcp/443
        imap tcp/143
        imaps tcp/993
        ipp tcp/631
        ipp-client udp/631
        ipsec udp/500 udp/4500
        kerberos tcp/88 udp/88
        ldap tcp/389
        ldaps tcp/636
        mountd tcp/20048 udp/20048
        mqtt tcp/1883
        mqtt-tls tcp/8883
        mysql tcp/3306
        netbios-ns udp/137
        nfs tcp/2049
        ntp udp/123
        openvpn udp/1194
        pop3 tcp/110
        pop3s tcp/995
        postgresql tcp/5432
        prometheus tcp/9090
        rdp tcp/3389 udp/3389
        redis tcp/6379
        rpc-bind tcp/111 udp/111
        rsyncd tcp/873 udp/873
        smtp tcp/25
        smtp-submission tcp/587
        smtps tcp/465
        snmp tcp/161 udp/161
        snmptrap tcp/162 udp/162
        ssh tcp/22
        syslog udp/514
        syslog-tls tcp/6514 udp/6514
        telnet tcp/23
        tftp udp/69
        vnc-server tcp/5900-5903
        wireguard udp/51820
        """;

    public static IReadOnlyDictionary<string, ServiceDefinition> All { get; } = Make();

    private static Dictionary<string, ServiceDefinition> Make()
    {
        Dictionary<string, ServiceDefinition> services = Ports.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Trim().Split(' '))
            .Select(words => new ServiceDefinition(words[0]) { Ports = [.. words.Skip(1).Select(Port)] })
            .ToDictionary(service => service.Name);
        Add(new ServiceDefinition("dhcpv6-client") { Ports = [Port("udp/546")], DestinationV6 = SourceAddress.Parse("fe80::/64") });
        Add(new ServiceDefinition("mdns")
        {
            Ports = [Port("udp/5353")],
            DestinationV4 = SourceAddress.Parse("224.0.0.251"),
            DestinationV6 = SourceAddress.Parse("ff02::fb"),
        });
        Add(new ServiceDefinition("samba-client") { Ports = [Port("udp/138")], Includes = ["netbios-ns"] });
        Add(new ServiceDefinition("samba") { Ports = [Port("tcp/139"), Port("tcp/445")], Includes = ["samba-client"] });
        return services;

        void Add(ServiceDefinition service) => services.Add(service.Name, service);
    }

    private static PortElement Port(string text)
    {
        string[] parts = text.Split('/');
        return FirewallProtocols.TryParse(parts[0], out FirewallProtocol protocol)
            ? new PortElement(protocol, PortRange.Parse(parts[1]))
            : throw new FormatException(text);
    }
}
