using LayerImage.Engine.Interop.Netlink;
using Microsoft.Win32.SafeHandles;
using static LayerImage.Engine.Interop.Libc.Libc;

namespace LayerImage.Engine.Network;

/// <summary>Network namespaces that a file keeps alive (namespaces(7): a bind mount of /proc/…/ns/net).</summary>
internal static class NetworkNamespace
{
    /// <summary>
    /// Makes a namespace pinned at <paramref name="path"/> and calls <paramref name="configure"/> with a handle of it
    /// and a route socket inside. All of it happens on a thread of its own, which ends in that namespace: a pool
    /// thread that had ever been in another namespace would be a trap for whatever runs on it next.
    /// </summary>
    public static Task CreateAsync(string path, Action<SafeFileHandle, NetlinkSocket> configure)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() =>
        {
            try
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
                done.SetResult();
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }, maxStackSize: 256 * 1024)
        {
            IsBackground = true,
            Name = "network namespace",
        };
        thread.Start();
        return done.Task;
    }

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
