namespace LayerImage.Engine.Errors;

/// <summary>
/// What a file system of this machine refuses, where nobody nearer to it had words for that: a folder of ours that is a file,
/// a disk that is read-only or full. So no exception of .NET's reaches a user.
/// </summary>
public static class HostFailure
{
    /// <summary>The engine's error for a failure; its own error as it is, and null for what is a fault of the program.</summary>
    public static LayerImageException? Explain(Exception failure) => failure switch
    {
        LayerImageException known => known,
        IOException or UnauthorizedAccessException or ArgumentOutOfRangeException when DiskFull.Is(failure) => DiskFull.ToError(failure, null),
        IOException or UnauthorizedAccessException => new LayerImageException(
            failure is UnauthorizedAccessException && !Environment.IsPrivilegedProcess ? EngineError.NotPrivileged : EngineError.SystemCallFailed,
            $"This machine's files refused: {failure.Message.TrimEnd('.')}.",
            failure)
        {
            Advice = "The store, the run folder and the configuration (about_LayerImage names them) must be folders that can be written.",
        },
        _ => null,
    };
}
