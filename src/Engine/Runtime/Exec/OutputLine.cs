namespace LayerImage.Engine.Runtime;

/// <summary>One line of a process's output, without its line end.</summary>
/// <param name="Stream">Where it was written.</param>
/// <param name="Text">The line.</param>
public readonly record struct OutputLine(LogStream Stream, string Text);
