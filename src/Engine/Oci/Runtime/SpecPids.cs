namespace LayerImage.Engine.Oci.Runtime;

/// <summary>The greatest number of tasks.</summary>
internal sealed record SpecPids(long Limit);
