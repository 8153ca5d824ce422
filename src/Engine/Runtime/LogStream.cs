namespace LayerImage.Engine.Runtime;

/// <summary>Which of a process's two outputs.</summary>
public enum LogStream
{
    /// <summary>Standard output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}
