namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Memory limits in bytes.</summary>
internal sealed record SpecMemory(long Limit);
