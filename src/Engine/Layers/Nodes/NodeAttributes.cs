using LayerImage.Engine.Interop.Libc;

namespace LayerImage.Engine.Layers;

/// <summary>What is said of a node of a layer whatever kind it is, wherever the layer is read: in its tar, on the disk, in an index.</summary>
internal readonly record struct NodeAttributes
{
    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    public int Permissions { get; init; }

    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>A regular file's length in bytes, holes included; 0 for all else.</summary>
    public long Size { get; init; }

    public long ModifiedSeconds { get; init; }

    public uint ModifiedNanoseconds { get; init; }

    /// <summary>A device's number; 0 for all else.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>See <see cref="DeviceMajor"/>.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>What a file on the disk has.</summary>
    public static NodeAttributes Of(in FileStatus status)
    {
        bool isDevice = status.Type is FileType.CharacterDevice or FileType.BlockDevice;
        return new NodeAttributes
        {
            Permissions = status.Permissions,
            Uid = status.Uid,
            Gid = status.Gid,
            Size = status.Type == FileType.Regular ? (long)status.Size : 0,
            ModifiedSeconds = status.ModifiedSeconds,
            ModifiedNanoseconds = status.ModifiedNanoseconds,
            DeviceMajor = isDevice ? status.DeviceMajor : 0,
            DeviceMinor = isDevice ? status.DeviceMinor : 0,
        };
    }
}
