namespace LayerImage.Engine.Registry.Hosts;

/// <summary>What registries.json says about the images whose names begin with a prefix.</summary>
/// <param name="Prefix">host[:port][/path], without a slash at its end.</param>
internal sealed record RegistryRule(string Prefix)
{
    /// <summary>What stands in the prefix's place on the wire; null: the prefix itself.</summary>
    public string? Location { get; init; }

    /// <summary>What stands in the prefix's place at each mirror, the first one to ask first.</summary>
    public IReadOnlyList<string> Mirrors { get; init; } = [];

    /// <summary>Nothing is asked of it.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>True: any certificate, and plain HTTP. False: TLS, also on the loopback. Null: TLS, but not on the loopback.</summary>
    public bool? IsInsecure { get; init; }

    /// <summary>Whether a name begins with the prefix, in whole components.</summary>
    public bool Fits(string name) => name.StartsWith(Prefix, StringComparison.Ordinal) && (name.Length == Prefix.Length || name[Prefix.Length] == '/');

    /// <summary>The name with something else in the prefix's place.</summary>
    public string Replace(string name, string by) => by + name[Prefix.Length..];
}
