using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>
/// The kernel's overlay through its new mount API (fsopen(2), fsconfig(2) with one <c>lowerdir+</c> for each layer),
/// which has no page of options to overflow: 500 layers mount. A path that is too long for it is given as a descriptor
/// (<c>/proc/self/fd/9</c>). Kernels before 6.7 lack <c>lowerdir+</c>; there mount(2)
/// is given all layers so, which is short enough for about 200 in its page of options and needs no escaping.
/// </summary>
internal sealed class OverlayMountDriver : IUnionMountDriver
{
    /// <summary>As many lower layers as the kernel takes (OVL_MAX_STACK, fs/overlayfs).</summary>
    public const int MostLayers = 500;

    /// <summary>What mountinfo shows as the source of these mounts; a colon and a name may follow.</summary>
    public const string Source = "layerimage";

    private const int PageSize = 4096; // mount(2): data is at most a page, with its closing zero
    private const int LongestValue = 255; // fsconfig(2): a value is at most 256 bytes, with its closing zero
    private const uint ReadOnly = 1, NoSetUserId = 2, NoDevices = 4; // MS_… of sys/mount.h, MOUNT_ATTR_… of linux/mount.h: the same
    private const int BusyAttempts = 10, BusyPause = 10; // milliseconds

    // A commit reads the upper directory by itself: it must hold whole files and whole directories.
    private static readonly string[] s_plain = ["redirect_dir", "metacopy", "index"];

    private readonly Lazy<OverlayProbe> _probe;

    /// <param name="oldKernel">Whether to go the way of kernels before 6.7: for tests.</param>
    public OverlayMountDriver(bool oldKernel = false) => _probe = new Lazy<OverlayProbe>(() => oldKernel ? OverlayProbe.Old : OverlayProbe.Run());

    internal OverlayMountDriver(OverlayProbe probe) => _probe = new Lazy<OverlayProbe>(probe);

    public void Mount(OverlayMount mount)
    {
        int fewest = mount.UpperDir is null ? 2 : 1; // the kernel's own rule: one layer alone is no union
        if (mount.LowerDirs.Count < fewest || mount.LowerDirs.Count > MostLayers)
        {
            throw new LayerImageException(EngineError.MountFailed,
                $"A union has {fewest} to {MostLayers} layers, not {mount.LowerDirs.Count}.") { Target = mount.Merged };
        }
        if (_probe.Value.Reason is string reason)
        {
            throw new LayerImageException(_probe.Value.Error, $"Nothing can be united at {mount.Merged}: {reason}.") { Target = mount.Merged };
        }
        try
        {
            if (_probe.Value.HasOneByOne)
            {
                MountNew(mount);
            }
            else
            {
                MountOld(mount);
            }
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

    private static void MountNew(OverlayMount mount)
    {
        using FolderDescriptors folders = new();
        string Fitting(string path, string given) => ByteCount(given) > LongestValue ? folders.NameOf(path) : given;
        // In these two, unlike lowerdir+, the kernel takes a backslash for an escape (ovl_unescape, fs/overlayfs/params.c).
        string Escaped(string path) => Fitting(path, path.Replace(@"\", @"\\", StringComparison.Ordinal));
        using SafeFileHandle context = Libc.FsOpen("overlay");
        Libc.FsConfigSet(context, "source", mount.Source);
        foreach (string lower in mount.LowerDirs)
        {
            Libc.FsConfigSet(context, "lowerdir+", Fitting(lower, lower));
        }
        if (mount.UpperDir is not null)
        {
            Libc.FsConfigSet(context, "upperdir", Escaped(mount.UpperDir));
            Libc.FsConfigSet(context, "workdir", Escaped(mount.WorkDir!));
        }
        foreach (string option in s_plain)
        {
            Libc.FsConfigSet(context, option, "off");
        }
        Libc.FsConfigCreate(context);
        using SafeFileHandle detached = Libc.FsMount(context, AttributesOf(mount));
        Libc.MoveMount(detached, mount.Merged);
    }

    private static void MountOld(OverlayMount mount)
    {
        using FolderDescriptors folders = new();
        string[] lower = [.. mount.LowerDirs.Select(folders.NameOf)];
        string options = Compose(lower, mount.UpperDir, mount.WorkDir);
        if (mount.UpperDir is not null && (ByteCount(options) >= PageSize || IsSpecial(mount.UpperDir) || IsSpecial(mount.WorkDir!)))
        {
            options = Compose(lower, folders.NameOf(mount.UpperDir), folders.NameOf(mount.WorkDir!));
        }
        if (ByteCount(options) >= PageSize)
        {
            throw new LayerImageException(EngineError.NotSupportedByKernel,
                $"This kernel cannot unite {mount.LowerDirs.Count} layers: it takes one page of options, which is enough for about 200.")
            { Target = mount.Merged, Advice = "Linux 6.7 or later unites up to 500; there, Save-ContainerAsImage -Squash makes an image of one layer." };
        }
        Libc.Mount(mount.Source, mount.Merged, "overlay", AttributesOf(mount), options);
    }

    /// <summary>
    /// mount(2)'s options. Pure. The upper and work directories are given by their own names where these fit and need no
    /// escaping: the kernel shows in mountinfo what it was given, and others find there that they are in use.
    /// </summary>
    internal static string Compose(IReadOnlyList<string> lower, string? upper, string? work)
    {
        StringBuilder options = new StringBuilder("lowerdir=").AppendJoin(':', lower);
        if (upper is not null)
        {
            options.Append(",upperdir=").Append(upper).Append(",workdir=").Append(work);
        }
        foreach (string option in s_plain)
        {
            options.Append(',').Append(option).Append("=off");
        }
        return options.ToString();
    }

    private static uint AttributesOf(OverlayMount mount) => (mount.UpperDir is null ? ReadOnly : 0) | (mount.IsConfined ? NoSetUserId | NoDevices : 0);

    private static int ByteCount(string options) => Encoding.UTF8.GetByteCount(options);

    // A comma ends an option and a backslash is an escape, which 6.5 does not know.
    private static bool IsSpecial(string path) => path.AsSpan().ContainsAny(',', '\\');

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

    public bool UnmountOne(string merged, bool detach)
    {
        MountInfo? seen = MountInfo.Read().LastOrDefault(mount => mount.MountPoint == merged);
        for (int attempt = 1; seen is { IsOurs: true }; attempt++)
        {
            try
            {
                return Libc.TryUmount2(merged, Libc.UMOUNT_NOFOLLOW | (detach ? Libc.MNT_DETACH : 0));
            }
            catch (LinuxException e) when (e.Errno == LinuxException.EBUSY && attempt < BusyAttempts)
            {
                // A process that is being started holds all that its maker has open, until it executes its program.
                Thread.Sleep(BusyPause);
            }
        }
        return false;
    }

    // The last mount on a path is the one that is seen there.
    public bool IsMounted(string merged) => Libc.TryStat(merged, out FileStatus inside) && Libc.TryStat(Path.GetDirectoryName(merged)!, out FileStatus outside)
        && (inside.FileSystemMajor, inside.FileSystemMinor) != (outside.FileSystemMajor, outside.FileSystemMinor);

    private static string? Missing(OverlayMount mount) =>
        mount.LowerDirs.Concat(new[] { mount.UpperDir, mount.WorkDir, mount.Merged }.OfType<string>()).FirstOrDefault(folder => !Directory.Exists(folder));

    private static LayerImageException Explain(OverlayMount mount, LinuxException e)
    {
        (EngineError error, string advice) = e switch
        {
            { Errno: LinuxException.EPERM or LinuxException.EACCES } => (EngineError.NotPrivileged, "Mounting needs root. Run the session as root."),
            { Errno: LinuxException.ENOENT or LinuxException.ENOTDIR } when Missing(mount) is string missing =>
                (EngineError.MountFailed, $"The folder {missing} is not there. "
                    + "If it is the store's, Test-LayerStore says what else is damaged, and Repair-LayerStore mends it."),
            { Errno: LinuxException.ELOOP } => (EngineError.MountFailed, "A folder is given twice, or is inside another one of them."),
            { Call: "mount", Errno: 19 } => (EngineError.NotSupportedByKernel, "This kernel has no overlay file system: load the module 'overlay'."),
            { Call: "fsconfig(create)" or "fsconfig(upperdir)" or "fsconfig(workdir)" or "mount", Errno: LinuxException.EINVAL }
                when mount.UpperDir is not null => (EngineError.MountFailed,
                    $"The file system of {mount.UpperDir} may not serve as an upper (another overlay, a network file system). "
                    + "Give an upper folder on another one; where it is the store's own, move the store with $LAYERIMAGE_ROOT."),
            _ => (EngineError.MountFailed, "See the kernel's log (dmesg) for more."),
        };
        return new LayerImageException(error, $"The {mount.LowerDirs.Count} layers could not be united at {mount.Merged}: {e.Message}", e)
        {
            Target = mount.Merged,
            Advice = advice,
        };
    }
}
