using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>How a further process is started in a container.</summary>
internal sealed record ExecOptions
{
    /// <summary>The process. With Terminal it takes over this process's own terminal.</summary>
    public required SpecProcess Process { get; init; }

    /// <summary>What it reads; null is nothing. It is not closed. Not used with a terminal.</summary>
    public Stream? StandardInput { get; init; }

    /// <summary>Where its standard output goes, byte for byte; null for lines. It is not closed. Not used with a terminal.</summary>
    public Stream? StandardOutput { get; init; }

    /// <summary>Start it and let it go: no output, no exit code.</summary>
    public bool Detach { get; init; }
}
