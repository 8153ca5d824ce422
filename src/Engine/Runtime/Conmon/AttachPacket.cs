namespace LayerImage.Engine.Runtime;

/// <summary>What was received: so many bytes of a stream.</summary>
/// <param name="Stream">Which output; a terminal has only Stdout.</param>
/// <param name="Length">The number of bytes in the buffer; 0 is the end.</param>
internal readonly record struct AttachPacket(LogStream Stream, int Length);
