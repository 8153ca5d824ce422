using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>
/// The kernel's overlay through its new mount API (fsopen(2), fsconfig(2) with one <c>lowerdir+</c> for each layer),
/// which has no page of options to overflow: 500 layers mount. Kernels before 6.5 lack <c>lowerdir+</c>.
/// </summary>
internal sealed class OverlayMountDriver : IUnionMountDriver
{
    /// <summary>As many lower layers as the kernel takes (OVL_MAX_STACK, fs/overlayfs).</summary>
    public const int MostLayers = 500;

    public void Mount(OverlayMount mount)
    {
        if (mount.LowerDirs.Count is 0 or > MostLayers)
        {
            throw new LayerImageException(EngineError.MountFailed, $"A union has 1 to {MostLayers} layers, not {mount.LowerDirs.Count}.") { Target = mount.Merged };
        }
        try
        {
            using SafeFileHandle context = Libc.FsOpen("overlay");
            Libc.FsConfigSet(context, "source", "layerimage");
            foreach (string lower in mount.LowerDirs)
            {
                Libc.FsConfigSet(context, "lowerdir+", lower);
            }
            if (mount.UpperDir is not null)
            {
                Libc.FsConfigSet(context, "upperdir", mount.UpperDir);
                Libc.FsConfigSet(context, "workdir", mount.WorkDir);
            }
            // A commit reads the upper directory by itself: it must hold whole files and whole directories.
            Libc.FsConfigSet(context, "redirect_dir", "off");
            Libc.FsConfigSet(context, "metacopy", "off");
            Libc.FsConfigSet(context, "index", "off");
            Libc.FsConfigCreate(context);
            using SafeFileHandle detached = Libc.FsMount(context, readOnly: mount.UpperDir is null);
            Libc.MoveMount(detached, mount.Merged);
        }
        catch (LinuxException e)
        {
            throw Explain(mount, e);
        }
        if (!IsMounted(mount.Merged))
        {
            throw new LayerImageException(EngineError.MountFailed, $"The union was mounted and is not to be seen at {mount.Merged}.") { Target = mount.Merged };
        }
    }

    public bool Unmount(string merged)
    {
        bool found = false;
        try
        {
            while (Libc.TryUmount2(merged, Libc.UMOUNT_NOFOLLOW))
            {
                found = true;
            }
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EBUSY)
        {
            // Somebody stands in it; it disappears with them.
            found = Libc.TryUmount2(merged, Libc.UMOUNT_NOFOLLOW | Libc.MNT_DETACH);
        }
        return found;
    }

    // The last mount on a path is the one that is seen there.
    public bool IsMounted(string merged) => Libc.TryStat(merged, out FileStatus inside) && Libc.TryStat(Path.GetDirectoryName(merged)!, out FileStatus outside)
        && (inside.FileSystemMajor, inside.FileSystemMinor) != (outside.FileSystemMajor, outside.FileSystemMinor);

    private static LayerImageException Explain(OverlayMount mount, LinuxException e)
    {
        (EngineError error, string advice) = e switch
        {
            { Errno: LinuxException.EPERM or LinuxException.EACCES } => (EngineError.NotPrivileged, "Mounting needs root. Run the session as root."),
            { Call: "fsopen", Errno: 19 or LinuxException.ENOSYS } => (EngineError.NotSupportedByKernel, "This kernel has no overlay file system: load the module 'overlay'."),
            { Call: "fsconfig(lowerdir+)", Errno: LinuxException.EINVAL } => (EngineError.NotSupportedByKernel, "This kernel's overlay has no lowerdir+: Linux 6.5 or later is needed."),
            { Call: "fsconfig(create)", Errno: LinuxException.EINVAL } => (EngineError.MountFailed, "The upper directory's file system may not serve as an upper (another overlay, a network file system): choose another with $LAYERIMAGE_ROOT."),
            _ => (EngineError.MountFailed, "See the kernel's log (dmesg) for more."),
        };
        return new LayerImageException(error, $"The {mount.LowerDirs.Count} layers could not be united at {mount.Merged}: {e.Message}", e) { Target = mount.Merged, Advice = advice };
    }
}
