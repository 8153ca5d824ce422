using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

/// <summary>Where a program's standard streams lead; null is /dev/null.</summary>
internal readonly record struct SpawnStreams(SafeHandle? Input = null, SafeHandle? Output = null, SafeHandle? Error = null);

/// <summary>
/// posix_spawn(3): starts a program in a session of its own, so that no Ctrl-C of our terminal reaches it, with
/// its standard streams on /dev/null (or where told) and the given descriptors as 3, 4, 5 … and no others.
/// .NET's Process can give a child no descriptors but the three standard ones, and leaves it those that others opened
/// in our process without O_CLOEXEC.
/// </summary>
internal static unsafe partial class Libc
{
    private const short POSIX_SPAWN_SETSIGDEF = 0x04, POSIX_SPAWN_SETSIGMASK = 0x08, POSIX_SPAWN_SETSID = 0x80;
    private const int OpaqueSize = 1024;

    /// <summary>
    /// int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
    /// const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]);
    /// Returns the child's process id; the caller must <see cref="WaitPid"/> for it. It begins in the folder, else in ours.
    /// </summary>
    /// <exception cref="LinuxException">The call failed.</exception>
    internal static int PosixSpawn(
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment,
        IReadOnlyList<SafeHandle> descriptors,
        SpawnStreams streams = default,
        string? folder = null)
    {
        // The numbers 3, 4, 5 … may be in use for others of the very handles to pass: copies with higher numbers cannot clash.
        int lowest = 3 + descriptors.Count;
        List<SafeFileHandle> copies = [];
        byte** argv = Vector(arguments), envp = Vector(environment);
        // Both types are opaque: glibc's are 80 and 336 bytes on 64-bit machines.
        byte* actions = (byte*)NativeMemory.AllocZeroed(OpaqueSize), attributes = (byte*)NativeMemory.AllocZeroed(OpaqueSize);
        try
        {
            copies.AddRange(descriptors.Select(handle => FcntlDupFd(handle, lowest)));
            SafeFileHandle?[] standard = [Copy(streams.Input), Copy(streams.Output), Copy(streams.Error)];
            copies.AddRange(standard.OfType<SafeFileHandle>());
            SetActions(actions, standard, copies.Take(descriptors.Count), folder);
            SetAttributes(attributes);
            int pid;
            int errno = posix_spawn(&pid, argv[0], actions, attributes, argv, envp);
            return errno == 0 ? pid : throw new LinuxException(nameof(posix_spawn), errno, arguments[0]);

            SafeFileHandle? Copy(SafeHandle? stream) => stream is null ? null : FcntlDupFd(stream, lowest);
        }
        finally
        {
            copies.ForEach(copy => copy.Dispose());
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
            Free(argv, arguments.Count);
            Free(envp, environment.Count);
        }
    }

    private static void SetActions(byte* actions, SafeFileHandle?[] standard, IEnumerable<SafeFileHandle> others, string? folder)
    {
        Check(posix_spawn_file_actions_init(actions), nameof(posix_spawn_file_actions_init));
        if (folder is not null)
        {
            Check(posix_spawn_file_actions_addchdir_np(actions, folder), nameof(posix_spawn_file_actions_addchdir_np));
        }
        int next = 0;
        foreach (SafeFileHandle? stream in standard.Concat(others))
        {
            Check(
                stream is null ? posix_spawn_file_actions_addopen(actions, next, "/dev/null", next == 0 ? OpenFlags.ReadOnly : OpenFlags.WriteOnly, 0)
                    : posix_spawn_file_actions_adddup2(actions, (int)stream.DangerousGetHandle(), next),
                stream is null ? nameof(posix_spawn_file_actions_addopen) : nameof(posix_spawn_file_actions_adddup2));
            next++;
        }
        Check(posix_spawn_file_actions_addclosefrom_np(actions, next), nameof(posix_spawn_file_actions_addclosefrom_np));
    }

    private static void SetAttributes(byte* attributes)
    {
        // .NET ignores SIGPIPE and handles others; an ignored signal would stay ignored in the child and its children.
        Span<byte> all = stackalloc byte[128];
        all.Fill(0xFF);
        Span<byte> none = stackalloc byte[128];
        none.Clear();
        Check(posix_spawnattr_init(attributes), nameof(posix_spawnattr_init));
        fixed (byte* allSignals = all, noSignal = none)
        {
            Check(posix_spawnattr_setsigdefault(attributes, allSignals), nameof(posix_spawnattr_setsigdefault));
            Check(posix_spawnattr_setsigmask(attributes, noSignal), nameof(posix_spawnattr_setsigmask));
        }
        Check(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID), nameof(posix_spawnattr_setflags));
    }

    private static void Check(int errno, string call)
    {
        if (errno != 0)
        {
            throw new LinuxException(call, errno, null);
        }
    }

    private static byte** Vector(IReadOnlyList<string> strings)
    {
        byte** vector = (byte**)NativeMemory.AllocZeroed((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < strings.Count; i++)
        {
            vector[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        }
        return vector;
    }

    private static void Free(byte** vector, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Marshal.FreeCoTaskMem((nint)vector[i]);
        }
        NativeMemory.Free(vector);
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int newFd);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int from);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);
}
