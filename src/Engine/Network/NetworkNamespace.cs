using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Netlink;
using Microsoft.Win32.SafeHandles;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>Network namespaces that a file keeps alive (namespaces(7): a bind mount of /proc/…/ns/net).</summary>
internal static class NetworkNamespace
{
    /// <summary>
    /// Makes a namespace pinned at <paramref name="path"/> and calls <paramref name="configure"/> in it, with a handle of it
    /// and a route socket inside; see <see cref="OwnThread"/> for what that must not do.
    /// </summary>
    public static Task CreateAsync(string path, Action<SafeFileHandle, NetlinkSocket> configure) => Task.Run(() => OwnThread.Run("network namespace", () =>
    {
        Unshare(CLONE_NEWNET);
        using (File.Open(path, FileMode.CreateNew))
        {
        }
        Mount("/proc/thread-self/ns/net", path, null, MS_BIND, null);
        // Shared with everybody: .NET would otherwise take a lock (flock) on the kernel's file.
        using SafeFileHandle handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        using NetlinkSocket inside = NetlinkSocket.OpenRoute();
        configure(handle, inside);
    }));

    /// <summary>Takes the pin away; the namespace ends with its last process. Idempotent.</summary>
    public static void Delete(string path)
    {
        while (TryUmount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
        {
        }
        if (File.Exists(path))
        {
            File.Delete(path); // which fails where the folder is gone too, as after a restart of the host
        }
    }
}
