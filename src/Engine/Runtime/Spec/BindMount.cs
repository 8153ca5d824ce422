namespace LayerImage.Engine.Runtime;

/// <summary>A file or folder of the host that the container sees.</summary>
/// <param name="Source">The host's path, absolute.</param>
/// <param name="Destination">The container's path, absolute.</param>
/// <param name="ReadOnly">The container cannot write to it.</param>
/// <param name="Propagation">How later mounts travel: rprivate (docker's default), rslave, rshared, private, slave, shared.</param>
/// <param name="IsFolder">The source is a folder, in which others may be mounted.</param>
internal sealed record BindMount(string Source, string Destination, bool ReadOnly = false, string Propagation = "rprivate", bool IsFolder = false);
