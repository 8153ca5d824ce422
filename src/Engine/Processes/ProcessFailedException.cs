using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Processes;

/// <summary>A program that the engine started failed: its arguments, exit code and the end of what it said.</summary>
public sealed class ProcessFailedException : LayerImageException
{
    /// <summary>Makes an error from a finished process.</summary>
    public ProcessFailedException(EngineError error, IReadOnlyList<string> arguments, int exitCode, string standardError)
        : base(
            DiskFull.Says(standardError) ? EngineError.DiskFull : error,
            $"{Path.GetFileName(arguments[0])} failed with exit code {exitCode}: {Tail(standardError)}")
    {
        Arguments = arguments;
        ExitCode = exitCode;
        StandardError = standardError;
    }

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>The program's exit code; 128 + n after signal n.</summary>
    public int ExitCode { get; }

    /// <summary>All it wrote to its standard error.</summary>
    public string StandardError { get; }

    private static string Tail(string text)
    {
        string trimmed = text.Trim();
        return trimmed.Length <= 400 ? trimmed : "…" + trimmed[^400..];
    }
}
