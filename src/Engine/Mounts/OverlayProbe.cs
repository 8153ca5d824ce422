using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Mounts;

/// <summary>What the kernel's overlay can do here, found out once.</summary>
/// <param name="HasOneByOne">Whether layers are given one by one (fsconfig's <c>lowerdir+</c>, Linux 6.5).</param>
/// <param name="Reason">Why nothing can be united here; null when it can.</param>
/// <param name="Error">What that is.</param>
internal sealed record OverlayProbe(bool HasOneByOne, string? Reason, EngineError Error)
{
    private const int ENODEV = 19;

    /// <summary>Asks the kernel. Mounts nothing.</summary>
    public static OverlayProbe Run()
    {
        try
        {
            using SafeFileHandle context = Libc.FsOpen("overlay");
            Libc.FsConfigSet(context, "lowerdir+", "/");
            return new OverlayProbe(true, null, default);
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
            // No new mount API (ENOSYS, before 5.2), or no lowerdir+ in it (EINVAL): mount(2) says whether there is overlay.
            return new OverlayProbe(false, null, default);
        }
    }
}
