namespace LayerImage.Engine.Oci.Runtime;

/// <summary>What is particular to Linux.</summary>
internal sealed record SpecLinux
{
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }

    public required SpecResources Resources { get; init; }

    public required string CgroupsPath { get; init; }

    public required IReadOnlyList<SpecNamespace> Namespaces { get; init; }

    public string? RootfsPropagation { get; init; }

    public SpecSeccomp? Seccomp { get; init; }

    public IReadOnlyList<string>? MaskedPaths { get; init; }

    public IReadOnlyList<string>? ReadonlyPaths { get; init; }
}
