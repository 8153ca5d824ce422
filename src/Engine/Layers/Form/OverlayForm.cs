using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// How overlayfs keeps on the disk what a layer deletes and hides (kernel, Documentation/filesystems/overlayfs.rst): a deleted name is a
/// character device 0:0, a directory that hides all below it has an attribute. Of the attributes that overlayfs has for itself no tar may
/// carry any in or out. How a tar says the same: <see cref="Whiteouts"/>.
/// </summary>
internal static class OverlayForm
{
    private static readonly NativePath s_here = NativePath.From("."u8);

    private static readonly NativePath s_opaque = "trusted.overlay.opaque";

    // On a directory with whiteouts in it. In a directory that only one layer has, overlayfs lists whiteouts as names that cannot be
    // looked up, unless it finds this mark, which it makes itself in an upper directory; empty it says nothing else.
    private static readonly NativePath s_origin = "trusted.overlay.origin";

    /// <summary>On the root of a container's upper directory that becomes a layer: the container's id.</summary>
    public static NativePath UpperOf { get; } = "trusted.overlay.layerimage.upper-of";

    extension(in FileStatus status)
    {
        /// <summary>Whether it is the mark for a deleted name.</summary>
        public bool IsWhiteout => status is { Type: FileType.CharacterDevice, DeviceMajor: 0, DeviceMinor: 0 };

        /// <summary>What it is in a layer.</summary>
        public LayerNodeType NodeType => status.IsWhiteout ? LayerNodeType.Whiteout : status.Type switch
        {
            FileType.Regular => LayerNodeType.File,
            FileType.Directory => LayerNodeType.Directory,
            FileType.SymbolicLink => LayerNodeType.SymbolicLink,
            FileType.CharacterDevice => LayerNodeType.CharacterDevice,
            FileType.BlockDevice => LayerNodeType.BlockDevice,
            FileType.Fifo => LayerNodeType.Fifo,
            _ => LayerNodeType.Socket,
        };
    }

    /// <summary>Deletes a name for the layers below. Nothing has it yet.</summary>
    public static void MakeWhiteout(SafeFileHandle directory, NativePath name)
    {
        Libc.MknodAt(directory, name, FileType.CharacterDevice, 0, 0, 0);
        Libc.SetXAttr(Libc.ThroughDescriptor(directory, s_here), s_origin, default);
    }

    /// <summary>Makes a directory hide all below it.</summary>
    public static void SetOpaque(SafeFileHandle directory) => SetOpaque(directory, s_here);

    /// <summary>Makes a directory of that name hide all below it.</summary>
    public static void SetOpaque(SafeFileHandle parent, NativePath name) => Libc.SetXAttr(Libc.ThroughDescriptor(parent, name), s_opaque, "y"u8);

    /// <summary>Whether a directory hides all below it.</summary>
    public static bool IsOpaque(SafeFileHandle directory) => IsOpaque(directory, s_here);

    /// <summary>Whether the directory of that name hides all below it.</summary>
    public static bool IsOpaque(SafeFileHandle parent, NativePath name) => IsOpaque(Libc.ThroughDescriptor(parent, name));

    /// <summary>Whether a directory of the host hides all below it.</summary>
    public static bool IsOpaque(NativePath directory) => Libc.GetXAttr(directory, s_opaque) is [(byte)'y'];

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
}
