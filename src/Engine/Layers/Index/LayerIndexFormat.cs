namespace LayerImage.Engine.Layers;

/// <summary>
/// The layout of an index file, little-endian: a header, a record for each node (breadth first, the children of a
/// directory side by side and sorted by name), then the texts. A name is found by bisection with a few reads.
/// <code>
/// header: 0 magic (8) | 8 version (4) | 12 flags (4) | 16 nodes (8) | 24 file length (8) | 32 tar length (8) | 64 SHA-256 of 0..63 and all after the header
/// node:   0 text (8) | 8 name length (4) | 12 link length (4) | 16 xattr length (4) | 20 type (1) | 21 flags (1) | 22 permissions (2) | 24 uid | 28 gid
///         32 size (8) | 40 mtime s (8) | 48 mtime ns (4) | 52 first child (4) | 56 children (4) | 60 major (4) | 64 minor (4) | 72 tar offset (8)
/// </code>
/// </summary>
internal static class LayerIndexFormat
{
    /// <summary>Another version is made again.</summary>
    public const uint Version = 3;

    public const int HeaderSize = 96;
    public const int HashedHeader = 64;
    public const int NodeSize = 80;

    /// <summary>The nodes know where their content is in the tar.</summary>
    public const uint HasOffsets = 1;

    public const byte Opaque = 1, Implied = 2, Sparse = 4;

    public static ReadOnlySpan<byte> Magic => "LIMGIDX\n"u8;
}
