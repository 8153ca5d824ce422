namespace LayerImage.Engine.Errors;

/// <summary>Recognises the BCL's way to say that a disk is full.</summary>
internal static class DiskFull
{
    // .NET on Unix puts the errno's platform-neutral code into HResult for some calls and the plain errno for others.
    private const int Windows = unchecked((int)0x80070070);

    public static bool Is(IOException exception) =>
        exception.HResult is LinuxException.ENOSPC or LinuxException.EDQUOT or Windows
        || exception.Message.Contains("No space left on device", StringComparison.Ordinal)
        || exception.Message.Contains("Disk quota exceeded", StringComparison.Ordinal)
        || exception.Message.Contains("not enough space on the disk", StringComparison.Ordinal);
}
