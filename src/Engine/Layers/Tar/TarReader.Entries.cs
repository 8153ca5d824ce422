using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

internal sealed partial class TarReader
{
    private TarEntry MakeEntry(TarHeader header, PaxRecords? local, NativePath? longName, NativePath? longLink)
    {
        PaxRecords pax = _global.Overlay(local);
        if (pax.Size is long paxSize)
        {
            BeginData(paxSize);
        }
        NativePath name = pax.Path ?? longName ?? JoinPrefix(header);
        LayerNodeType type = TypeOf(header, name);
        if (type is not LayerNodeType.File)
        {
            BeginData(0); // Only a file has data; a size on anything else is an old tar's mistake.
        }
        (IReadOnlyList<SparseExtent>? sparse, long size) = type == LayerNodeType.File ? ReadSparseMap(header, pax) : (null, 0);
        return new TarEntry
        {
            Type = type,
            Name = pax.SparseName ?? name,
            LinkName = pax.LinkPath ?? longLink ?? NativePath.From(header.LinkName),
            Attributes = MakeAttributes(header, pax, type, size),
            XAttrs = pax.AllXAttrs(),
            Sparse = sparse,
        };
    }

    private static NodeAttributes MakeAttributes(TarHeader header, PaxRecords pax, LayerNodeType type, long size)
    {
        bool isDevice = type is LayerNodeType.CharacterDevice or LayerNodeType.BlockDevice;
        return new NodeAttributes
        {
            Permissions = (int)(header.Mode & 0xFFF),
            Uid = ToId(pax.Uid ?? header.Uid),
            Gid = ToId(pax.Gid ?? header.Gid),
            Size = size,
            ModifiedSeconds = pax.ModifiedSeconds ?? header.ModifiedSeconds,
            ModifiedNanoseconds = pax.ModifiedNanoseconds,
            DeviceMajor = isDevice ? ToDevice(header.DeviceMajor, 0xFFF) : 0,
            DeviceMinor = isDevice ? ToDevice(header.DeviceMinor, 0xFFFFF) : 0,
        };
    }

    private static NativePath JoinPrefix(TarHeader header)
    {
        ReadOnlySpan<byte> prefix = header.Prefix;
        if (prefix.Length == 0)
        {
            return NativePath.From(header.Name);
        }
        byte[] joined = new byte[prefix.Length + 1 + header.Name.Length];
        prefix.CopyTo(joined);
        joined[prefix.Length] = (byte)'/';
        header.Name.CopyTo(joined.AsSpan(prefix.Length + 1));
        return NativePath.From(joined);
    }

    private static LayerNodeType TypeOf(TarHeader header, NativePath name) => header.TypeFlag switch
    {
        // Before ustar a directory was a file whose name ends with a slash.
        0 or (byte)'0' or (byte)'7' => name.Bytes is [.., (byte)'/'] ? LayerNodeType.Directory : LayerNodeType.File,
        (byte)'S' => LayerNodeType.File,
        (byte)'1' => LayerNodeType.HardLink,
        (byte)'2' => LayerNodeType.SymbolicLink,
        (byte)'3' => LayerNodeType.CharacterDevice,
        (byte)'4' => LayerNodeType.BlockDevice,
        (byte)'5' => LayerNodeType.Directory,
        (byte)'6' => LayerNodeType.Fifo,
        byte other => throw TarHeader.Malformed($"'{name}' is of the unknown type '{(char)other}'"),
    };

    // The kernel has 12 bits for a major number and 20 for a minor one (linux/kdev_t.h).
    private static uint ToDevice(long number, long largest) => number >= 0 && number <= largest ? (uint)number : throw TarHeader.Malformed($"{number} is not a device number");

    private static uint ToId(long id) => id is >= 0 and < uint.MaxValue ? (uint)id : throw TarHeader.Malformed($"{id} is not a user or group id");
}
