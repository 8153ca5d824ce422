namespace LayerImage.Engine.Firewall;

/// <summary>Lays the forward ports of the two configurations side by side.</summary>
internal static class ForwardRuleList
{
    /// <param name="running">What runs, or null.</param>
    /// <param name="permanent">What is on the disk.</param>
    public static IReadOnlyList<HostPortForward> Merge(FirewallState? running, FirewallState permanent) =>
        [.. TwoConfigurations.Merge(running, permanent, zone => zone.ForwardPorts).OrderBy(rule => rule.Zone, StringComparer.Ordinal)
            .ThenBy(rule => rule.Item.Protocol).ThenBy(rule => rule.Item.Range).ThenBy(rule => rule.Item.ToString(), StringComparer.Ordinal)
            .Select(rule => new HostPortForward
            {
                Port = rule.Item.Range.ToString(),
                FirstPort = rule.Item.Range.First,
                LastPort = rule.Item.Range.Last,
                Protocol = rule.Item.Protocol,
                ToPort = rule.Item.ToPort?.ToString(),
                ToAddress = rule.Item.ToAddress?.ToString(),
                Zone = rule.Zone,
                Runtime = rule.Runtime,
                Permanent = rule.Permanent,
                Drift = rule.Drift,
            })];
}
