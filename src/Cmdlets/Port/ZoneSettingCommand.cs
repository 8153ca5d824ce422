using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Base;

/// <summary>The parameters that say what a zone is, for New- and Set-HostFirewallZone. A list is the whole list.</summary>
public abstract class ZoneSettingCommand : HostFirewallCommand
{
    /// <summary>What happens to what nothing lets in: default (rejected, ICMP let in), ACCEPT, DROP or REJECT.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FirewallTargetCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Target { get; set; }

    /// <summary>The interfaces whose packets are its own; @() for none.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NetworkInterfaceCompleter))]
    [AllowEmptyCollection]
    public string[]? Interface { get; set; }

    /// <summary>The addresses, networks and hardware addresses whose packets are its own; @() for none.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? Source { get; set; }

    /// <summary>The services that it lets in; @() for none. Set-HostPortRule -Service adds one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(FirewallServiceCompleter))]
    [AllowEmptyCollection]
    public string[]? Service { get; set; }

    /// <summary>Whole protocols that it lets in, by name or number: gre, esp, igmp; @() for none.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? Protocol { get; set; }

    /// <summary>Ports of the sender's that it lets in: '68/udp'; @() for none.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? SourcePort { get; set; }

    /// <summary>Types of ICMP that it does not let in: echo-request, redirect; @() for none.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(IcmpTypeCompleter))]
    [AllowEmptyCollection]
    public string[]? IcmpBlock { get; set; }

    /// <summary>Let in the types of -IcmpBlock and block all others; -IcmpBlockInversion:$false for the other way round.</summary>
    [Parameter]
    public SwitchParameter IcmpBlockInversion { get; set; }

    /// <summary>Packets that leave by it get this host's own address; -Masquerade:$false for not.</summary>
    [Parameter]
    public SwitchParameter Masquerade { get; set; }

    /// <summary>Packets may go between its interfaces; -Forward:$false for not.</summary>
    [Parameter]
    public SwitchParameter Forward { get; set; }

    /// <summary>What it is for.</summary>
    [Parameter]
    [ValidateNotNull]
    public string? Description { get; set; }

    /// <summary>What the parameters say; what was not given stays.</summary>
    protected ZoneRequest Request(string zone, PortRuleScope? scope) => new()
    {
        Zone = zone,
        Scope = scope,
        Target = Target,
        Description = Description,
        Interfaces = Interface,
        Sources = Source,
        Services = Service,
        Protocols = Protocol,
        SourcePorts = SourcePort,
        IcmpBlocks = IcmpBlock,
        IcmpBlockInversion = Given(nameof(IcmpBlockInversion), IcmpBlockInversion),
        Masquerade = Given(nameof(Masquerade), Masquerade),
        Forward = Given(nameof(Forward), Forward),
    };

    /// <summary>What a request changes, for a question.</summary>
    protected static string Describe(ZoneRequest request)
    {
        List<string> words = [];
        Add("target", request.Target);
        Add("interfaces", Join(request.Interfaces));
        Add("sources", Join(request.Sources));
        Add("services", Join(request.Services));
        Add("protocols", Join(request.Protocols));
        Add("source ports", Join(request.SourcePorts));
        Add("ICMP blocks", Join(request.IcmpBlocks));
        Add("inversion of the ICMP blocks", request.IcmpBlockInversion?.ToString());
        Add("masquerade", request.Masquerade?.ToString());
        Add("forward", request.Forward?.ToString());
        Add("description", request.Description);
        return words.Count == 0 ? "nothing" : string.Join("; ", words);

        void Add(string name, string? value) => words.AddRange(value is null ? [] : [$"{name}: {value}"]);
        static string? Join(IReadOnlyList<string>? values) => values is null ? null : values.Count == 0 ? "none" : string.Join(", ", values);
    }

    private bool? Given(string name, SwitchParameter value) => IsTyped(name) ? value.IsPresent : null;
}
