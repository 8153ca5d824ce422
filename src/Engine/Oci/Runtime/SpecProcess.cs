namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The process to start: of a container, or of one exec.</summary>
internal sealed record SpecProcess
{
    public bool Terminal { get; init; }

    public required SpecUser User { get; init; }

    public required IReadOnlyList<string> Args { get; init; }

    public required IReadOnlyList<string> Env { get; init; }

    public required string Cwd { get; init; }

    public required SpecCapabilities Capabilities { get; init; }

    public IReadOnlyList<SpecLimit>? Rlimits { get; init; }

    public bool NoNewPrivileges { get; init; }
}
