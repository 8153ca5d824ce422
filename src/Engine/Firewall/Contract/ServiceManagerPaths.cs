namespace LayerImage.Engine.Firewall;

/// <summary>Where systemd says that it runs, where a system's own units are, and where the packages' are (systemd.unit(5)).</summary>
internal sealed record ServiceManagerPaths(string Running, string Units, IReadOnlyList<string> Shipped)
{
    public static ServiceManagerPaths System { get; } = new("/run/systemd/system", "/etc/systemd/system", ["/usr/lib/systemd/system", "/lib/systemd/system"]);
}
