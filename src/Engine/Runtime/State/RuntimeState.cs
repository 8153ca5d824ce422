namespace LayerImage.Engine.Runtime;

/// <summary>A container's state at one instant.</summary>
/// <param name="Status">What it does.</param>
/// <param name="Process">Its first process, when it is known.</param>
/// <param name="ExitCode">The exit code that the monitor wrote; null while it has written none.</param>
/// <param name="FinishedAt">When the monitor wrote it.</param>
internal readonly record struct RuntimeState(RuntimeStatus Status, ProcessIdentity? Process, int? ExitCode, DateTimeOffset? FinishedAt);
