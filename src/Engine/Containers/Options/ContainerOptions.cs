using LayerImage.Engine.Network;

namespace LayerImage.Engine.Containers;

/// <summary>
/// What can be asked of a container: each option once. A request has it from the user, <see cref="SpecMerger"/> adds what the image
/// says, the container's record keeps it (<see cref="ContainerSpec"/>), and <see cref="RuntimeSpecBuilder"/> reads it. Values are
/// typed and were checked by themselves when their text was read; <see cref="RequestChecks"/> asks the rest.
/// </summary>
public abstract record ContainerOptions
{
    /// <summary>In place of the image's entry point; an empty string takes it away. Null is the image's.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>The command: one string is the shell form unless it is a single plain word, several are the exec form. Null is the image's.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>"NAME=value" beside the image's, or "NAME" alone to take it from this process.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Where the program starts; empty is the root, null the image's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Docker's USER syntax; empty is root, null the image's.</summary>
    public string? User { get; init; }

    /// <summary>Further groups of the user, by name or number.</summary>
    public IReadOnlyList<string> GroupAdd { get; init => field = value ?? []; } = [];

    /// <summary>The container's name for itself; null is its short id.</summary>
    public string? Hostname { get; init; }

    /// <summary>Free text by key, beside the image's.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>A terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Standard input is open for who attaches.</summary>
    public bool Interactive { get; init; }

    /// <summary>A small init program of the host's is the first process: it reaps what is left behind, and passes signals on.</summary>
    public bool Init { get; init; }

    /// <summary>It is removed when it ends.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>The signal that asks the program to stop, "SIGTERM" or "15"; null is the image's, else SIGTERM.</summary>
    public string? StopSignal { get; init; }

    /// <summary>How long it has to stop before it is killed; <see cref="Timeout.InfiniteTimeSpan"/> for ever, null for ten seconds.</summary>
    public TimeSpan? StopTimeout { get; init; }

    /// <summary>What its network is.</summary>
    public NetworkMode Network { get; init; } = NetworkMode.Bridge;

    /// <summary>Ports to publish; host ports are chosen once and kept.</summary>
    public IReadOnlyList<PortMapping> Publish { get; init; } = [];

    /// <summary>Whether other hosts may reach the published ports through the host's firewall while it runs.</summary>
    public bool OpenHostPort { get; init; }

    /// <summary>Paths of the host that it sees.</summary>
    public IReadOnlyList<VolumeMount> Volumes { get; init; } = [];

    /// <summary>Folders in memory.</summary>
    public IReadOnlyList<TmpfsMount> Tmpfs { get; init => field = value ?? []; } = [];

    /// <summary>The root file system is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Bytes of memory; null, as 0, is no limit.</summary>
    public long? Memory { get; init => field = value is 0 ? null : value; }

    /// <summary>Bytes of /dev/shm, which programs share memory by; null, as 0, is docker's 64 MiB.</summary>
    public long? ShmSize { get; init => field = value is 0 ? null : value; }

    /// <summary>Processes; null, as 0 and -1, is no limit.</summary>
    public long? PidsLimit { get; init => field = value is 0 or -1 ? null : value; }

    /// <summary>Processors, such as 1.5; null is no limit.</summary>
    public decimal? Cpu { get; init; }

    /// <summary>Resource limits of its processes, in place of the fixed ones; of those with the same name the last holds.</summary>
    public IReadOnlyList<Ulimit> Ulimits { get; init => field = value ?? []; } = [];

    /// <summary>Kernel parameters that it has for itself.</summary>
    public IReadOnlyList<Sysctl> Sysctls { get; init => field = value ?? []; } = [];

    /// <summary>All capabilities, no seccomp, no masked paths.</summary>
    public bool Privileged { get; init; }

    /// <summary>Capabilities beyond the default ones.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Default capabilities taken away.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];
}
