using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Overlayfs's own extended attributes (kernel, Documentation/filesystems/overlayfs.rst), which no tar may carry in or out.</summary>
internal static class OverlayXAttrs
{
    /// <summary>Marks a directory that hides all below it.</summary>
    public static NativePath Opaque { get; } = "trusted.overlay.opaque";

    /// <summary>The value of <see cref="Opaque"/>.</summary>
    public static ReadOnlySpan<byte> Yes => "y"u8;

    /// <summary>
    /// On a directory with whiteouts in it. In a directory that only one layer has, overlayfs lists whiteouts as names that cannot be
    /// looked up, unless it finds this mark, which it makes itself in an upper directory; empty it says nothing else.
    /// </summary>
    private static NativePath Origin { get; } = "trusted.overlay.origin";

    /// <summary>Marks a directory, so that whiteouts in it are never listed in a union.</summary>
    public static void MarkWhiteouts(SafeFileHandle directory) => Libc.SetXAttr(Libc.ThroughDescriptor(directory, NativePath.From("."u8)), Origin, default);

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

    /// <summary>
    /// Notes that overlayfs makes in an upper directory and that have no meaning, or the same, when it is a lower one
    /// (origin and nlink serve stable inode numbers), and ours. Redirections and files without data are not among them.
    /// </summary>
    public static bool IsBookkeeping(NativePath name)
    {
        ReadOnlySpan<byte> bytes = name.Bytes;
        return bytes.StartsWith("trusted.overlay."u8)
            && (bytes[16..].SequenceEqual("origin"u8) || bytes[16..].SequenceEqual("impure"u8) || bytes[16..].SequenceEqual("opaque"u8) || bytes[16..].SequenceEqual("nlink"u8)
                || bytes[16..].SequenceEqual("upper"u8) || bytes[16..].SequenceEqual("uuid"u8) || bytes.SequenceEqual(UpperOf.Bytes));
    }

    /// <summary>On the root of a container's upper directory that becomes a layer: the container's id.</summary>
    public static NativePath UpperOf { get; } = "trusted.overlay.layerimage.upper-of";
}
