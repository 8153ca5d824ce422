using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>Overlayfs's own extended attributes (kernel, Documentation/filesystems/overlayfs.rst), which no tar may carry in or out.</summary>
internal static class OverlayXAttrs
{
    /// <summary>Marks a directory that hides all below it.</summary>
    public static NativePath Opaque { get; } = "trusted.overlay.opaque";

    /// <summary>The value of <see cref="Opaque"/>.</summary>
    public static ReadOnlySpan<byte> Yes => "y"u8;

    /// <summary>
    /// Whether a layer may set it and a commit may keep it. overlay's own would let an image redirect a directory;
    /// selinux and ima/evm belong to the host.
    /// </summary>
    public static bool IsPortable(NativePath name)
    {
        ReadOnlySpan<byte> bytes = name.Bytes;
        return !bytes.StartsWith("trusted.overlay."u8) && !bytes.StartsWith("user.overlay."u8)
            && !bytes.SequenceEqual("security.selinux"u8) && !bytes.SequenceEqual("security.ima"u8) && !bytes.SequenceEqual("security.evm"u8)
            && (bytes.StartsWith("user."u8) || bytes.StartsWith("trusted."u8) || bytes.StartsWith("security."u8) || bytes.StartsWith("system.posix_acl_"u8));
    }
}
