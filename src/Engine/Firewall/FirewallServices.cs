namespace LayerImage.Engine.Firewall;

/// <summary>The services that a firewall can let in by their names.</summary>
public static class FirewallServices
{
    /// <summary>The names, in order: those that are known without a file, and those of an installed firewalld.</summary>
    public static IReadOnlyList<string> Names() => [.. ServiceDefaults.All.Keys.Union(FirewallConfiguration.OfFirewalld.ServiceNames()).Order(StringComparer.Ordinal)];
}
