namespace LayerImage.Engine.Firewall;

/// <summary>
/// Which set: a zone's ports, those limited to a source (a set for each source, so that a rule's time is its element's),
/// and those of containers, which a Sync keeps. The name says it all, so that the kernel needs no file beside it.
/// </summary>
internal sealed record PortSetKey(string Zone, SourceAddress? Source, bool IsOwned)
{
    private const string Ports = "ports.", Owned = "owned.";

    public string Name => (IsOwned ? Owned : Ports) + Zone + (Source is { } source ? $".{source.Key}" : "");

    public static PortSetKey Of(string zone, SourceAddress? source = null) => new(zone, source, IsOwned: false);

    public static PortSetKey OwnedOf(string zone) => new(zone, null, IsOwned: true);

    /// <summary>Reads a set's name; zone names have no dot.</summary>
    public static PortSetKey? FromName(string name)
    {
        if (name.StartsWith(Owned, StringComparison.Ordinal))
        {
            return OwnedOf(name[Owned.Length..]);
        }
        if (!name.StartsWith(Ports, StringComparison.Ordinal))
        {
            return null;
        }
        string[] parts = name[Ports.Length..].Split('.', 2);
        return parts.Length == 1 ? Of(parts[0])
            : SourceAddress.FromKey(parts[1]) is { } source ? Of(parts[0], source) : null;
    }
}
