namespace LayerImage.Engine.Oci.Runtime;

/// <summary>Who the process runs as, in numbers.</summary>
internal sealed record SpecUser(uint Uid, uint Gid, IReadOnlyList<uint>? AdditionalGids)
{
    /// <summary>docker's, and not that of whoever started the container: 0022.</summary>
    public uint Umask { get; init; } = 0b010_010;
}
