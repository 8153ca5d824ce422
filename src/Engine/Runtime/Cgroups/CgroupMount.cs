namespace LayerImage.Engine.Runtime;

/// <summary>One mounted hierarchy.</summary>
/// <param name="Path">Where it is mounted.</param>
/// <param name="Controllers">The version 1 controllers, or name=systemd; empty for version 2.</param>
/// <param name="IsV2">It is the version 2 hierarchy.</param>
/// <param name="Writable">It is mounted read-write.</param>
internal sealed record CgroupMount(string Path, IReadOnlyList<string> Controllers, bool IsV2, bool Writable);
