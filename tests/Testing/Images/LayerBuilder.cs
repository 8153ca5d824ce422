using System.Formats.Tar;
using System.Text;

namespace LayerImage.Testing.Images;

/// <summary>
/// Writes a layer's tar entry by entry, in the order of the calls, with names exactly as given: also those that a
/// careful tar writer would refuse.
/// </summary>
public sealed class LayerBuilder
{
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101;
    private const UnixFileMode FileMode = (UnixFileMode)0b110_100_100;
    private static readonly DateTimeOffset s_time = new(2024, 2, 29, 12, 0, 0, TimeSpan.Zero);
    private readonly MemoryStream _tar = new();

    /// <summary>Owner, group, mode, time and extended attributes of an entry, where they are not the default.</summary>
    public sealed record Attributes
    {
        /// <summary>Permission bits, setuid and sticky; null: 0755 or 0644.</summary>
        public UnixFileMode? Mode { get; init; }

        /// <summary>Owner.</summary>
        public int Uid { get; init; }

        /// <summary>Group.</summary>
        public int Gid { get; init; }

        /// <summary>Modification time; null: a fixed day in 2024.</summary>
        public DateTimeOffset? Time { get; init; }

        /// <summary>Extended attributes by name.</summary>
        public IReadOnlyDictionary<string, string> XAttrs { get; init; } = new Dictionary<string, string>();
    }

    /// <summary>A regular file.</summary>
    public LayerBuilder File(string path, string content = "", Attributes? attributes = null) => File(path, Encoding.UTF8.GetBytes(content), attributes);

    /// <summary>A regular file.</summary>
    public LayerBuilder File(string path, byte[] content, Attributes? attributes = null) =>
        Add(TarEntryType.RegularFile, path, attributes, FileMode, entry => entry.DataStream = new MemoryStream(content));

    /// <summary>A folder.</summary>
    public LayerBuilder Directory(string path, Attributes? attributes = null) => Add(TarEntryType.Directory, path, attributes, DirectoryMode);

    /// <summary>A symbolic link.</summary>
    public LayerBuilder SymbolicLink(string path, string target, Attributes? attributes = null) =>
        Add(TarEntryType.SymbolicLink, path, attributes, (UnixFileMode)0b111_111_111, entry => entry.LinkName = target);

    /// <summary>Another name of an earlier file, which may be in a lower layer.</summary>
    public LayerBuilder HardLink(string path, string target, Attributes? attributes = null) =>
        Add(TarEntryType.HardLink, path, attributes, FileMode, entry => entry.LinkName = target);

    /// <summary>A character device.</summary>
    public LayerBuilder CharacterDevice(string path, int major, int minor, Attributes? attributes = null) =>
        Add(TarEntryType.CharacterDevice, path, attributes, FileMode, entry => (entry.DeviceMajor, entry.DeviceMinor) = (major, minor));

    /// <summary>A named pipe.</summary>
    public LayerBuilder Fifo(string path, Attributes? attributes = null) => Add(TarEntryType.Fifo, path, attributes, FileMode);

    /// <summary>Removes a path of the layers below (<c>.wh.NAME</c>).</summary>
    public LayerBuilder Whiteout(string path)
    {
        int slash = path.LastIndexOf('/') + 1;
        return File($"{path[..slash]}.wh.{path[slash..]}");
    }

    /// <summary>Removes all that the layers below have in a folder (<c>.wh..wh..opq</c>).</summary>
    public LayerBuilder Opaque(string directory) => File($"{directory.TrimEnd('/')}/.wh..wh..opq");

    /// <summary>An entry with a plain ustar header of the caller's own (<see cref="UstarHeader"/>).</summary>
    public LayerBuilder Raw(UstarHeader header, byte[]? content = null)
    {
        byte[] data = content ?? [];
        return Bytes([.. header.ToBytes(), .. data, .. new byte[(512 - (data.Length % 512)) % 512]]);
    }

    /// <summary>Bytes as they are.</summary>
    public LayerBuilder Bytes(byte[] bytes)
    {
        _tar.Write(bytes);
        return this;
    }

    /// <summary>The tar so far, with its end mark.</summary>
    public byte[] ToTar() => [.. _tar.ToArray(), .. new byte[1024]];

    private LayerBuilder Add(TarEntryType type, string path, Attributes? given, UnixFileMode mode, Action<PaxTarEntry>? fill = null)
    {
        Attributes attributes = given ?? new Attributes();
        Dictionary<string, string> extended = attributes.XAttrs.ToDictionary(pair => $"SCHILY.xattr.{pair.Key}", pair => pair.Value);
        PaxTarEntry entry = new(type, path, extended)
        {
            Mode = attributes.Mode ?? mode,
            Uid = attributes.Uid,
            Gid = attributes.Gid,
            ModificationTime = attributes.Time ?? s_time,
        };
        fill?.Invoke(entry);
        using MemoryStream single = new();
        using (TarWriter writer = new(single, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(entry);
        }
        // Without the end mark: more entries follow.
        _tar.Write(single.GetBuffer(), 0, (int)single.Length - 1024);
        return this;
    }
}
