using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>How a layer's tar says "deleted" (OCI image-spec, layer.md "Whiteouts").</summary>
internal static class Whiteouts
{
    /// <summary>The name that hides all of its directory that lower layers have.</summary>
    public static NativePath Opaque { get; } = ".wh..wh..opq";

    private static ReadOnlySpan<byte> Prefix => ".wh."u8;

    // aufs's own bookkeeping, which old images carry and every engine ignores.
    private static ReadOnlySpan<byte> AufsPrefix => ".wh..wh."u8;

    public static bool IsOpaque(NativePath name) => name.Bytes.SequenceEqual(Opaque.Bytes);

    public static bool IsAufs(NativePath name) => name.Bytes.StartsWith(AufsPrefix) && !IsOpaque(name);

    public static bool IsWhiteout(NativePath name) => name.Bytes.StartsWith(Prefix);

    /// <summary>The name that a whiteout hides; empty for a bare ".wh.", which is malformed.</summary>
    public static NativePath Hidden(NativePath whiteout) => NativePath.From(whiteout.Bytes[Prefix.Length..]);

    /// <summary>The whiteout that hides a name.</summary>
    public static NativePath Of(NativePath name)
    {
        byte[] bytes = [.. Prefix, .. name.Bytes];
        return NativePath.From(bytes);
    }
}
