namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Memory limits in bytes.</summary>
/// <param name="Limit">Of memory.</param>
/// <param name="Swap">Of memory and swap space together; null for no limit of swap.</param>
internal sealed record SpecMemory(long Limit, long? Swap);
