namespace LayerImage.Engine.Commit;

/// <summary>How a container's changes may be read.</summary>
internal sealed record CaptureMode
{
    /// <summary>The container does not run and nobody starts it meanwhile: its upper directory may become the layer.</summary>
    public bool IsStopped { get; init; }

    /// <summary>Nothing changes the container's files while they are read.</summary>
    public bool IsConsistent { get; init; }

    /// <summary>Pauses the container until what is returned is disposed; null when that is not needed or not wanted.</summary>
    public Func<CancellationToken, Task<IAsyncDisposable>>? PauseAsync { get; init; }
}
