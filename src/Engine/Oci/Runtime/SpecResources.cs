namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The limits of the container's control group.</summary>
internal sealed record SpecResources
{
    public required IReadOnlyList<SpecDeviceRule> Devices { get; init; }

    public SpecMemory? Memory { get; init; }

    public SpecCpu? Cpu { get; init; }

    public SpecPids? Pids { get; init; }
}
