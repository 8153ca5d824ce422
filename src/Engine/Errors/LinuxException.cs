using System.Runtime.InteropServices;

namespace LayerImage.Engine.Errors;

/// <summary>A system call failed: which one, its errno and the path it was about.</summary>
public sealed class LinuxException : LayerImageException
{
    /// <summary>Makes an error from a call's name, errno and path.</summary>
    public LinuxException(string call, int errno, string? path, Exception? innerException = null)
        : base(ErrorOf(errno), TextOf(call, errno, path), innerException)
    {
        Call = call;
        Errno = errno;
        Target = path;
        Advice = errno switch
        {
            ENOSPC => "Free some space on the file system that holds the path, or move the store with $LAYERIMAGE_ROOT.",
            EMFILE => "This session may open no more files: raise its limit (ulimit -n). Very deep folders and images of very many layers need some thousands.",
            EFBIG => "This session may write no larger files: raise its limit (ulimit -f), or use a shell without one.",
            EROFS => "The file system that holds the path is mounted read-only: mount it read-write, or move the store with $LAYERIMAGE_ROOT.",
            ENOENT or ENOTDIR or EIO when path is not null =>
                "If that is in the store, Test-LayerStore says what is lost or damaged, and Repair-LayerStore mends what can be mended.",
            _ => null,
        };
    }

    /// <summary>The system call that failed, such as "rename".</summary>
    public string Call { get; }

    /// <summary>The error number (errno.h).</summary>
    public int Errno { get; }

    internal const int EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, E2BIG = 7, ECHILD = 10, EAGAIN = 11, EACCES = 13, EBUSY = 16, EEXIST = 17, EXDEV = 18,
        ENOTDIR = 20, EISDIR = 21, EINVAL = 22, EMFILE = 24, EFBIG = 27, ENOSPC = 28, EROFS = 30, ERANGE = 34, ENAMETOOLONG = 36, ENOSYS = 38, ENOTEMPTY = 39,
        ELOOP = 40, ENODATA = 61, EOPNOTSUPP = 95, EADDRINUSE = 98, EDQUOT = 122;

    private static EngineError ErrorOf(int errno) => errno switch
    {
        ENOSPC or EDQUOT or EFBIG => EngineError.DiskFull,
        EPERM or EACCES or EROFS => EngineError.NotPrivileged,
        ENOSYS => EngineError.NotSupportedByKernel,
        _ => EngineError.SystemCallFailed,
    };

    private static string TextOf(string call, int errno, string? path)
    {
        string text = $"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})";
        return path is null ? text : $"{text}: {path}";
    }
}
