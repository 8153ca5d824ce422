using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static partial class Libc
{
    // sys/stat.h
    internal const int S_IFMT = 0xF000, S_IFDIR = 0x4000, S_IFREG = 0x8000;

    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7FF;

    /// <summary>statx(2) of an open file: int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *buf);</summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static unsafe (int Mode, long Size, uint Uid, uint Gid) Statx(SafeFileHandle file)
    {
        StatxBuffer buffer;
        return statx(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &buffer) == 0
            ? (buffer.Mode, (long)buffer.Size, buffer.Uid, buffer.Gid)
            : throw new LinuxException(nameof(statx), Marshal.GetLastPInvokeError(), null);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(SafeFileHandle directory, string path, int flags, uint mask, StatxBuffer* buffer);

    // linux/stat.h: the same layout on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(20)]
        public uint Uid;
        [FieldOffset(24)]
        public uint Gid;
        [FieldOffset(28)]
        public ushort Mode;
        [FieldOffset(40)]
        public ulong Size;
    }
}
