namespace LayerImage.Engine.Runtime;

/// <summary>Which of a process's two outputs.</summary>
public enum LogStream : long // ConvertTo-Json writes the words of such an enumeration, and of others the numbers.
{
    /// <summary>Standard output.</summary>
    Stdout,

    /// <summary>Standard error.</summary>
    Stderr,
}
