namespace LayerImage.Engine.Runtime;

/// <summary>Which part of a log is read.</summary>
internal sealed record LogReadOptions
{
    /// <summary>Only the last so many lines; null is all.</summary>
    public int? Tail { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    /// <summary>Only this output; null is both. Tail counts lines of both.</summary>
    public LogStream? Stream { get; init; }

    /// <summary>Set: wait for more, until this says that the container has ended and all was read.</summary>
    public Func<bool>? HasEnded { get; init; }
}
