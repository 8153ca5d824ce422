namespace LayerImage.Engine.Store;

/// <summary>A row of the table of containers.</summary>
internal sealed record ContainerRow
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The image's id; the image may be gone.</summary>
    public required string Image { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>What was decided of it, as JSON.</summary>
    public required string Spec { get; init; }

    /// <summary>The container's address in the container network.</summary>
    public string? Address { get; init; }

    public required RecordedState State { get; init; }

    /// <summary>The boot in which <see cref="Pid"/> means something.</summary>
    public string? BootId { get; init; }

    public int? Pid { get; init; }

    public long? PidStart { get; init; }

    public DateTimeOffset? Started { get; init; }

    public DateTimeOffset? Finished { get; init; }

    public int? ExitCode { get; init; }

    public string? Error { get; init; }

    /// <summary>The run folder that it was started with last; null for the session's.</summary>
    public string? Run { get; init; }

    /// <summary>The process that stops it to start it again.</summary>
    public string? Keeper { get; init; }
}
