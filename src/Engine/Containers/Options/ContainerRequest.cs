using LayerImage.Engine.Images;

namespace LayerImage.Engine.Containers;

/// <summary>What a user asks of a new container. What is null or empty comes from the image.</summary>
public sealed record ContainerRequest
{
    /// <summary>The image's name or id.</summary>
    public required string Image { get; init; }

    /// <summary>A name; null to have one made.</summary>
    public string? Name { get; init; }

    /// <summary>The command: one string is the shell form unless it is a single plain word, several are the exec form.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>In place of the image's entry point; an empty string takes it away.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>"NAME=value", or "NAME" alone to take it from this process.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>In place of the image's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>In place of the image's.</summary>
    public string? User { get; init; }

    /// <summary>In place of the short id.</summary>
    public string? Hostname { get; init; }

    /// <summary>Beside the image's.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Ports to publish, in docker's syntax.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>Publish every exposed port at a random host port.</summary>
    public bool PublishAll { get; init; }

    /// <summary>Open the published ports in the host's firewall while the container runs.</summary>
    public bool OpenHostPort { get; init; }

    /// <summary>Bind mounts: "source:destination[:options]".</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>"bridge", "host" or "none".</summary>
    public string Network { get; init; } = "bridge";

    /// <summary>A terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Keep standard input open.</summary>
    public bool Interactive { get; init; }

    /// <summary>Remove it when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>A read-only root file system.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>All capabilities, no seccomp, no masked paths.</summary>
    public bool Privileged { get; init; }

    /// <summary>Capabilities to add.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Capabilities to take away.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Bytes of memory; 0 for no limit.</summary>
    public long? Memory { get; init; }

    /// <summary>Processes; 0 or -1 for no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>Processors.</summary>
    public decimal? Cpu { get; init; }

    /// <summary>In place of the image's.</summary>
    public string? StopSignal { get; init; }

    /// <summary>How long it has to stop before it is killed; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan? StopTimeout { get; init; }

    /// <summary>When to ask the registry for the image.</summary>
    public PullPolicy PullPolicy { get; init; } = PullPolicy.Missing;
}
