using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LayerImage.Testing.Host;

/// <summary>The system calls that reading every attribute of a file needs. Independent of the engine's.</summary>
internal static unsafe partial class LinuxTree
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxBasicStats = 0x7ff;

    /// <summary>What statx(2) says about a path itself.</summary>
    internal readonly record struct Stat(uint Mode, uint Uid, uint Gid, ulong Size, ulong Inode, uint Links, ulong Device, string DeviceNumber, long Seconds, uint Nanoseconds);

    /// <summary>lstat by statx: the only one whose structure is the same on every architecture (linux/stat.h).</summary>
    internal static Stat LStat(string path)
    {
        byte[] buffer = new byte[256];
        fixed (byte* pointer = buffer)
        {
            Check(statx(AtFdCwd, path, AtSymlinkNoFollow, StatxBasicStats, pointer), nameof(statx), path);
        }
        return new Stat(
            Mode: BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(28)),
            Uid: BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(20)),
            Gid: BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(24)),
            Size: BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(40)),
            Inode: BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(32)),
            Links: BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(16)),
            Device: BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(136)),
            DeviceNumber: $"{BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(128))}:{BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(132))}",
            Seconds: BinaryPrimitives.ReadInt64LittleEndian(buffer.AsSpan(112)),
            Nanoseconds: BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(120)));
    }

    /// <summary>The extended attributes, values in hexadecimal.</summary>
    internal static SortedDictionary<string, string> XAttrs(string path)
    {
        SortedDictionary<string, string> found = new(StringComparer.Ordinal);
        byte[] names = new byte[64 * 1024];
        nint length;
        fixed (byte* pointer = names)
        {
            length = llistxattr(path, pointer, names.Length);
        }
        if (length <= 0)
        {
            return found;
        }
        byte[] value = new byte[64 * 1024];
        foreach (string name in Encoding.UTF8.GetString(names, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            fixed (byte* pointer = value)
            {
                nint size = lgetxattr(path, name, pointer, value.Length);
                Check(size, nameof(lgetxattr), path);
                found[name] = Convert.ToHexStringLower(value.AsSpan(0, (int)size));
            }
        }
        return found;
    }

    private static void Check(nint result, string call, string path)
    {
        if (result < 0)
        {
            throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}: {path}");
        }
    }

    // int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *statxbuf);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int dirfd, string pathname, int flags, uint mask, byte* statxbuf);

    // ssize_t llistxattr(const char *path, char *list, size_t size);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, byte* list, nint size);

    // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, byte* value, nint size);
}
