namespace LayerImage.Engine.Store;

/// <summary>What a container's record says of it: <see cref="ContainerTable"/> has these words.</summary>
internal enum RecordedState
{
    /// <summary>Until whoever makes the container has made all of it (or, started at once, until it runs).</summary>
    New,
    Created,
    Starting,
    Running,
    Paused,
    Exited,
}
