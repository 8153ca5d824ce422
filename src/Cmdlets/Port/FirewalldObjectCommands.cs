using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Engine.Firewall;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists firewalld's policies: what may pass between zones. They are kept, and made with firewall-cmd.</summary>
[Cmdlet(VerbsCommon.Get, "HostFirewallPolicy")]
[OutputType(typeof(HostFirewallPolicy))]
public sealed class GetHostFirewallPolicyCommand : FirewalldObjectCommand<HostFirewallPolicy>
{
    /// <inheritdoc/>
    protected override IReadOnlyList<HostFirewallPolicy> Find() => Firewall.GetPolicies(Permanent, Observer);
}

/// <summary>Lists firewalld's sets of addresses, which zones and rich rules name. They are kept, and made with firewall-cmd.</summary>
[Cmdlet(VerbsCommon.Get, "HostFirewallIpSet")]
[OutputType(typeof(HostFirewallIpSet))]
public sealed class GetHostFirewallIpSetCommand : FirewalldObjectCommand<HostFirewallIpSet>
{
    /// <inheritdoc/>
    protected override IReadOnlyList<HostFirewallIpSet> Find() => Firewall.GetIpSets(Permanent, Observer);
}
