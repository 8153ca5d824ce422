using LayerImage.Engine.Text;

namespace LayerImage.Engine.Firewall;

/// <summary>
/// A named set of addresses of firewalld's (firewalld.ipset(5)), which zones and rich rules name as a source. The module's
/// own firewall keeps the files and does not apply them.
/// </summary>
public sealed record HostFirewallIpSet
{
    internal HostFirewallIpSet()
    {
    }

    /// <summary>The set's name.</summary>
    public required string Name { get; init; }

    /// <summary>What the set holds: <c>hash:ip</c>, <c>hash:net</c>, <c>hash:mac</c> …</summary>
    public required string Type { get; init; }

    /// <summary>The addresses, networks or other entries of the set.</summary>
    public required IReadOnlyList<string> Entries { get; init => field = ReadableList.Of(value); }

    /// <summary>The set's options: <c>family=inet6</c>, <c>timeout=3600</c>.</summary>
    public required IReadOnlyList<string> Options { get; init => field = ReadableList.Of(value); }

    /// <summary>What the set is for, in its maker's words.</summary>
    public string Description { get; init; } = "";

    /// <summary>The set's name.</summary>
    public override string ToString() => Name;
}
