namespace LayerImage.Engine.Oci.Runtime;

/// <summary>
/// config.json of an OCI bundle, specification 1.0.2, with the members this engine uses.
/// https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md
/// </summary>
internal sealed record RuntimeSpec
{
    public string OciVersion { get; init; } = "1.0.2";

    public required SpecProcess Process { get; init; }

    public required SpecRoot Root { get; init; }

    public string? Hostname { get; init; }

    public required IReadOnlyList<SpecMount> Mounts { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public required SpecLinux Linux { get; init; }
}
