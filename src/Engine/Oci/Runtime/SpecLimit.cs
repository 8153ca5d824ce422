namespace LayerImage.Engine.Oci.Runtime;

/// <summary>A resource limit of a process, getrlimit(2).</summary>
/// <param name="Type">Its name: RLIMIT_NOFILE.</param>
/// <param name="Hard">The most it may be raised to.</param>
/// <param name="Soft">What holds.</param>
internal sealed record SpecLimit(string Type, ulong Hard, ulong Soft);
