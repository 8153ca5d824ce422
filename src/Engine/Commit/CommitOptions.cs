namespace LayerImage.Engine.Commit;

/// <summary>How an image is made of a container's changes.</summary>
public sealed record CommitOptions
{
    /// <summary>The new image's name; null for none. A tag that another image has moves.</summary>
    public string? Reference { get; init; }

    /// <summary>Who made it; null for the base image's author.</summary>
    public string? Author { get; init; }

    /// <summary>A message for its history.</summary>
    public string? Message { get; init; }

    /// <summary>Read a running container without pausing it.</summary>
    public bool NoPause { get; init; }

    /// <summary>
    /// Instructions of a Dockerfile for the configuration, in their order: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL,
    /// ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR. One text may hold several, a line each, as docker's does.
    /// </summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>
    /// The time to record in place of now; no file in the layer is newer. The same changes make the same image id then, on
    /// any machine.
    /// </summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>
    /// Paths of changes, as <see cref="Layers.LayerChange.Path"/> has them: the layer has these and no other. Null for all. Of a
    /// directory it is the directory itself, not its content; parents come along as directories.
    /// </summary>
    public IReadOnlySet<string>? Only { get; init; }

    /// <summary>
    /// Told a container's path, says whether changes there and beneath it are left out. It is asked of each changed path and of
    /// its parents. Null for none.
    /// </summary>
    public Func<string, bool>? Excludes { get; init; }

    /// <summary>
    /// Make one layer of all that the container shows, its image's files among them, in place of one on top of the image's.
    /// Not together with <see cref="Only"/> or <see cref="Excludes"/>, which choose changes.
    /// </summary>
    public bool Squash { get; init; }

    /// <summary>Write into the image what it was made of (<see cref="Oci.CommitProvenance"/>): labels, and annotations of its manifest.</summary>
    public bool Provenance { get; init; }
}
