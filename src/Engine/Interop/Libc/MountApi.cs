using System.Runtime.InteropServices;
using System.Text;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // The numbers are the same on every processor (asm-generic/unistd.h).
    private const int SYS_move_mount = 429, SYS_fsopen = 430, SYS_fsconfig = 431, SYS_fsmount = 432;
    private const uint FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1, MOVE_MOUNT_F_EMPTY_PATH = 4;
    private const uint FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_CMD_CREATE = 6;

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long fsopen(long number, string fileSystem, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long fsconfig(long number, SafeFileHandle context, uint command, string? key, string? value, int auxiliary);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long fsmount(long number, SafeFileHandle context, uint flags, uint attributes);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial long move_mount(long number, SafeFileHandle from, string fromPath, int to, string toPath, uint flags);

    /// <summary>Opens a context for a new mount (fsopen(2)).</summary>
    public static SafeFileHandle FsOpen(string fileSystem)
    {
        long descriptor = fsopen(SYS_fsopen, fileSystem, FSOPEN_CLOEXEC);
        return descriptor < 0 ? throw Failure("fsopen", fileSystem) : new SafeFileHandle((nint)descriptor, ownsHandle: true);
    }

    /// <summary>Sets a parameter of a new mount; a flag when the value is null (fsconfig(2)).</summary>
    public static void FsConfigSet(SafeFileHandle context, string key, string? value)
    {
        if (fsconfig(SYS_fsconfig, context, value is null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key, value, 0) < 0)
        {
            throw FailureOf(context, $"fsconfig({key})", value);
        }
    }

    /// <summary>Creates the superblock (fsconfig(2), FSCONFIG_CMD_CREATE).</summary>
    public static void FsConfigCreate(SafeFileHandle context)
    {
        if (fsconfig(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, null, null, 0) < 0)
        {
            throw FailureOf(context, "fsconfig(create)", null);
        }
    }

    /// <summary>Makes a detached mount of a created superblock, with MOUNT_ATTR_… of linux/mount.h (fsmount(2)).</summary>
    public static SafeFileHandle FsMount(SafeFileHandle context, uint attributes)
    {
        long descriptor = fsmount(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
        return descriptor < 0 ? throw FailureOf(context, "fsmount", null) : new SafeFileHandle((nint)descriptor, ownsHandle: true);
    }

    /// <summary>Attaches a detached mount to a directory (move_mount(2)).</summary>
    public static void MoveMount(SafeFileHandle mount, string target)
    {
        if (move_mount(SYS_move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        {
            throw Failure("move_mount", target);
        }
    }

    // The context's descriptor yields what the kernel has to say, a line a read: "e overlay: …".
    private static LinuxException FailureOf(SafeFileHandle context, string call, string? value)
    {
        int errno = Marshal.GetLastPInvokeError();
        StringBuilder text = new(value);
        byte[] buffer = new byte[1024];
        try
        {
            for (int length; (length = RandomAccess.Read(context, buffer, 0)) > 0;)
            {
                text.Append(' ').Append(Encoding.UTF8.GetString(buffer, 0, length).Trim());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Nothing more to read: ENODATA.
        }
        return new LinuxException(call, errno, text.ToString());
    }
}
