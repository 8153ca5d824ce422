namespace LayerImage.Engine.Firewall;

/// <summary>Where systemd says that it runs, and where a system's own units are (systemd.unit(5)).</summary>
internal sealed record ServiceManagerPaths(string Running, string Units)
{
    public static ServiceManagerPaths System { get; } = new("/run/systemd/system", "/etc/systemd/system");
}
