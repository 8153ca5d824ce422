namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Who the process runs as, in numbers.</summary>
internal sealed record SpecUser(uint Uid, uint Gid, IReadOnlyList<uint>? AdditionalGids);
