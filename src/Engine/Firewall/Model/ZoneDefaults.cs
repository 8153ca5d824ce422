namespace LayerImage.Engine.Firewall;

/// <summary>The zones that are there without a file: firewalld's names and what it lets in by default in each.</summary>
internal static class ZoneDefaults
{
    public const string DefaultZone = "public";

    /// <summary>Name, target, short name, description, services, masquerade.</summary>
    public static IReadOnlyList<ZoneDefault> All { get; } =
    [
        new("block", "%%REJECT%%", "Block", "Incoming connections are rejected. Answers to outgoing connections come in.", [], false),
        new("dmz", ZoneSettings.DefaultTarget, "DMZ", "Computers that the public reaches, with little access to the inner network.", ["ssh"], false),
        new("drop", "DROP", "Drop", "Incoming packets are dropped without an answer. Answers to outgoing connections come in.", [], false),
        new("external", ZoneSettings.DefaultTarget, "External", "The outer side of a router that hides an inner network.", ["ssh"], true),
        new(
            "home",
            ZoneSettings.DefaultTarget,
            "Home",
            "A home network whose computers are mostly trusted.",
            ["ssh", "mdns", "samba-client", "dhcpv6-client"],
            false),
        new(
            "internal",
            ZoneSettings.DefaultTarget,
            "Internal",
            "The inner side of a router; its computers are mostly trusted.",
            ["ssh", "mdns", "samba-client", "dhcpv6-client"],
            false),
        new("public", ZoneSettings.DefaultTarget, "Public", "Public places: other computers are not trusted.", ["ssh", "dhcpv6-client"], false),
        new("trusted", "ACCEPT", "Trusted", "Everything is let in.", [], false),
        new("work", ZoneSettings.DefaultTarget, "Work", "A network at work whose computers are mostly trusted.", ["ssh", "dhcpv6-client"], false),
    ];

    public static ZoneDefault? Find(string name) => All.FirstOrDefault(zone => zone.Name == name);
}
