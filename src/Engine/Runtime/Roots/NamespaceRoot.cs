using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// The root directory of mount namespaces. Who joins a namespace (crun exec does) gets this one, and not the root of the
/// processes that are in it. The two differ in a chroot: there pivot_root(2), by which a container gets its root, exchanges the
/// mount that the chroot is on, and the namespace's root stays the host's. The container runs in its own files, and everything
/// that joins it, or breaks out of it with the right to chroot(2), in the host's.
/// </summary>
internal static class NamespaceRoot
{
    /// <summary>Whether this process's root directory is its mount namespace's.</summary>
    /// <exception cref="LinuxException">It may not be asked: CAP_SYS_ADMIN and CAP_SYS_CHROOT are missing.</exception>
    public static bool IsOwn()
    {
        FileStatus own = Stat("/"), root = Of("self");
        return (own.MountId, Id(own)) == (root.MountId, Id(root));
    }

    /// <summary>Whether who joins a process's mount namespace gets a folder of ours for a root; null when the process has ended.</summary>
    /// <param name="pid">The process.</param>
    /// <param name="folder">The folder; there the namespace may have a mount of its own.</param>
    public static bool? IsFolder(int pid, string folder)
    {
        try
        {
            return Id(Of(pid.ToString(System.Globalization.CultureInfo.InvariantCulture))) == Id(Stat(folder));
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT && !Directory.Exists($"/proc/{pid}"))
        {
            return null;
        }
    }

    // Only who joins is told. A thread does, which ends then: with a root and working directory of its own (CLONE_FS), so that the
    // rest of the process keeps its.
    private static FileStatus Of(string process)
    {
        FileStatus root = default;
        OwnThread.Run("mount namespace", () =>
        {
            // All that is called after SetNs was called before it: what the runtime loads on the way, it looks for beneath the root.
            using SafeFileHandle mounts = Libc.Open($"/proc/{process}/ns/mnt", OpenFlags.ReadOnly);
            root = Stat("/");
            Libc.Unshare(Libc.CLONE_FS);
            Libc.SetNs(mounts, Libc.CLONE_NEWNS);
            root = Stat("/");
        });
        return root;
    }

    private static FileStatus Stat(string path)
    {
        using SafeFileHandle folder = Libc.Open(path, OpenFlags.PathOnly | OpenFlags.Directory);
        return Libc.Stat(folder);
    }

    private static (uint Major, uint Minor, ulong Inode) Id(FileStatus status) => (status.FileSystemMajor, status.FileSystemMinor, status.Inode);
}
