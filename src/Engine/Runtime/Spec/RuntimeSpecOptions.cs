namespace LayerImage.Engine.Runtime;

/// <summary>What is asked of a container, resolved: the image's configuration and the user's parameters are merged.</summary>
internal sealed record RuntimeSpecOptions
{
    public required string Id { get; init; }

    public required string Hostname { get; init; }

    /// <summary>The mounted root file system, absolute.</summary>
    public required string RootFsPath { get; init; }

    public bool ReadOnlyRoot { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>'A=B'. A later entry wins over an earlier one of the same name.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Empty is /.</summary>
    public string WorkingDirectory { get; init; } = "/";

    public ContainerUser User { get; init; } = ContainerUser.Root;

    public bool Terminal { get; init; }

    public IReadOnlyList<BindMount> Mounts { get; init; } = [];

    /// <summary>The network namespace to join; empty is a new one without connections, null is the host's.</summary>
    public string? NetworkNamespacePath { get; init; }

    public IReadOnlyList<string> CapAdd { get; init; } = [];

    public IReadOnlyList<string> CapDrop { get; init; } = [];

    public bool Privileged { get; init; }

    public bool NoNewPrivileges { get; init; }

    public SeccompMode Seccomp { get; init; }

    /// <summary>Whether its programs are of the processor's 32-bit kind.</summary>
    public bool Is32Bit { get; init; }

    /// <summary>The host's path of a small init program that reaps and passes signals on; null is none.</summary>
    public string? InitPath { get; init; }

    /// <summary>Bytes.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Whether as much swap space may be used as memory and no more, as docker has it (docker-run(1), --memory-swap).</summary>
    public bool LimitsSwap { get; init; }

    public long? PidsLimit { get; init; }

    /// <summary>Processors, such as 1.5.</summary>
    public decimal? CpuLimit { get; init; }

    /// <summary>Bytes of /dev/shm.</summary>
    public long SharedMemorySize { get; init; } = 64 << 20;

    public required string CgroupsPath { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
}
