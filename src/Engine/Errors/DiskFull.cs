namespace LayerImage.Engine.Errors;

/// <summary>Recognises the BCL's way to say that a disk is full, or that a session may write no larger file.</summary>
internal static class DiskFull
{
    // .NET on Unix puts the errno's platform-neutral code into HResult for some calls and the plain errno for others. A write
    // that fails with EFBIG it takes for a length that the caller should not have given.
    private const int Windows = unchecked((int)0x80070070);

    /// <summary>What helps where a program met a full disk; the program's words name the place.</summary>
    public const string Advice = "Free some space on the file system that holds the path. $LAYERIMAGE_RUN and $LAYERIMAGE_ROOT choose others.";

    /// <summary>Whether a program's words tell of a full disk or quota.</summary>
    public static bool Says(string text) =>
        text.Contains("No space left on device", StringComparison.Ordinal) || text.Contains("Disk quota exceeded", StringComparison.Ordinal);

    /// <summary>What to throw instead of an exception that <see cref="Is"/> recognised.</summary>
    public static LinuxException ToError(Exception exception, string? path) =>
        new("write", IsLimit(exception) ? LinuxException.EFBIG : LinuxException.ENOSPC, path, exception);

    public static bool Is(Exception exception) => IsLimit(exception) || exception is IOException && (
        exception.HResult is LinuxException.ENOSPC or LinuxException.EDQUOT or Windows
        || Says(exception.Message)
        || exception.Message.Contains("not enough space on the disk", StringComparison.Ordinal));

    private static bool IsLimit(Exception exception) =>
        exception is IOException && (exception.HResult == LinuxException.EFBIG || exception.Message.Contains("File too large", StringComparison.Ordinal))
        || exception is ArgumentOutOfRangeException && exception.Message.StartsWith("Specified file length was too large", StringComparison.Ordinal);
}
