namespace LayerImage.Shell;

/// <summary>The exit codes that are the Shell's own; <c>exit N</c> in a script gives any other.</summary>
static class ExitCodes
{
    internal const int Success = 0;
    internal const int Failed = 1;
    internal const int Usage = 64;

    /// <summary>128 + SIGINT, as every shell reports it.</summary>
    internal const int Interrupted = 130;
}
