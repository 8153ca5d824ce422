namespace LayerImage.Engine.Runtime;

/// <summary>One line of a container's log.</summary>
/// <param name="Timestamp">When it was written (its first part, when it came in parts).</param>
/// <param name="Stream">Where to.</param>
/// <param name="Message">The line, without its line end.</param>
public sealed record LogRecord(DateTimeOffset Timestamp, LogStream Stream, string Message);
