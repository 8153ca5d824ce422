using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

/// <summary>The parts of struct statx (linux/stat.h) that the engine reads. The struct is alike on all processors.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct FileStatus
{
    [FieldOffset(0)] public uint Mask;
    [FieldOffset(16)] public uint LinkCount;
    [FieldOffset(20)] public uint Uid;
    [FieldOffset(24)] public uint Gid;
    [FieldOffset(28)] public ushort Mode;
    [FieldOffset(32)] public ulong Inode;
    [FieldOffset(40)] public ulong Size;
    [FieldOffset(48)] public ulong Blocks;
    [FieldOffset(112)] public long ModifiedSeconds;
    [FieldOffset(120)] public uint ModifiedNanoseconds;
    [FieldOffset(128)] public uint DeviceMajor;
    [FieldOffset(132)] public uint DeviceMinor;
    [FieldOffset(136)] public uint FileSystemMajor;
    [FieldOffset(140)] public uint FileSystemMinor;
    [FieldOffset(144)] public ulong MountId; // since Linux 5.8; 0 before

    private const int TypeMask = 0xF000;

    public readonly FileType Type => (FileType)(Mode & TypeMask);

    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    public readonly int Permissions => Mode & 0xFFF;
}

/// <summary>The type bits of a mode (inode(7)).</summary>
internal enum FileType
{
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    SymbolicLink = 0xA000,
    Socket = 0xC000,
}

internal static unsafe partial class Libc
{
    private const uint STATX_BASIC_STATS = 0x7ff, STATX_MNT_ID = 0x1000;

    // int statx(int dirfd, const char *pathname, int flags, unsigned mask, struct statx *statxbuf);  statx(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(SafeFileHandle directory, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static partial int statx_host(int directory, byte* path, int flags, uint mask, FileStatus* status);

    /// <summary>The status of an entry of a directory, never through a symbolic link; false when it does not exist.</summary>
    public static bool TryStatAt(SafeFileHandle directory, NativePath name, out FileStatus status)
    {
        status = default;
        int result;
        fixed (byte* p = name.Terminated)
        fixed (FileStatus* s = &status)
        {
            result = statx(directory, p, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, s);
        }
        if (result == 0)
        {
            return true;
        }
        int errno = Marshal.GetLastPInvokeError();
        return errno is LinuxException.ENOENT or LinuxException.ENOTDIR ? false : throw new LinuxException("statx", errno, name.ToString());
    }

    /// <summary>The status of an open file.</summary>
    public static FileStatus Stat(SafeFileHandle file) => TryStatAt(file, default, out FileStatus status)
        ? status
        : throw new LinuxException("statx", LinuxException.ENOENT, null);

    /// <summary>The status of a path of the host, never through a symbolic link; false when it does not exist.</summary>
    public static bool TryStat(NativePath path, out FileStatus status)
    {
        status = default;
        fixed (byte* p = path.Terminated)
        fixed (FileStatus* s = &status)
        {
            return statx_host(AT_FDCWD, p, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, s) == 0;
        }
    }
}
