using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>What the kernel's overlay can do here, found out once.</summary>
/// <param name="HasOneByOne">Whether layers are given one by one (fsconfig's <c>lowerdir+</c>, Linux 6.7).</param>
/// <param name="Reason">Why nothing can be united here; null when it can.</param>
/// <param name="Error">What that is.</param>
internal sealed record OverlayProbe(bool HasOneByOne, string? Reason, EngineError Error)
{
    /// <summary>An option that no kernel has.</summary>
    internal const string UnknownOption = "layerimage_asks";

    private const int ENODEV = 19;

    /// <summary>What is found on a kernel before 6.7.</summary>
    public static OverlayProbe Old { get; } = new(false, null, default);

    /// <summary>Asks the kernel. Mounts nothing, and needs no folder: what may be united is not what is asked here.</summary>
    public static OverlayProbe Run()
    {
        SafeFileHandle? context = null;
        try
        {
            return Ask(option => Libc.FsConfigSet(context ??= Libc.FsOpen("overlay"), option, "/"));
        }
        finally
        {
            context?.Dispose();
        }
    }

    /// <summary>Decides by what a context takes. Pure.</summary>
    /// <param name="set">Sets an option of a new overlay, or throws as the kernel refuses it.</param>
    internal static OverlayProbe Ask(Action<string> set)
    {
        try
        {
            // That an option is accepted says nothing by itself: where overlay has no context of its own (Linux 5.2 to 6.4),
            // the kernel keeps whatever it is given until the mount is made, and refuses it then.
            return !IsRefused(set, UnknownOption) || IsRefused(set, "lowerdir+") ? Old : new OverlayProbe(true, null, default);
        }
        catch (LinuxException e) when (e is { Call: "fsopen", Errno: ENODEV })
        {
            return new OverlayProbe(false, "this kernel has no overlay file system (load the module 'overlay')", EngineError.NotSupportedByKernel);
        }
        catch (LinuxException e) when (e.Errno is LinuxException.EPERM or LinuxException.EACCES)
        {
            return new OverlayProbe(false, "this process may not mount (CAP_SYS_ADMIN): run the session as root", EngineError.NotPrivileged);
        }
        catch (LinuxException)
        {
            // No new mount API (ENOSYS, before 5.2): mount(2) says whether there is overlay.
            return Old;
        }
    }

    private static bool IsRefused(Action<string> set, string option)
    {
        try
        {
            set(option);
            return false;
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EINVAL)
        {
            return true;
        }
    }
}
