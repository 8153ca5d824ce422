using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>What config.json is made of: what was decided about a container, and what only its start finds out.</summary>
internal sealed record RuntimeSpecOptions
{
    public required string Id { get; init; }

    /// <summary>What was decided. Every option is read from here.</summary>
    public required ContainerSpec Spec { get; init; }

    /// <summary>The mounted root file system, absolute.</summary>
    public required string RootFsPath { get; init; }

    /// <summary>The user, as the root file system knows it.</summary>
    public ContainerUser User { get; init; } = ContainerUser.Root;

    /// <summary>The files of /etc that are the container's own, and its volumes.</summary>
    public IReadOnlyList<BindMount> Mounts { get; init; } = [];

    /// <summary>The network namespace to join; empty is a new one without connections, null is the host's.</summary>
    public string? NetworkNamespacePath { get; init; }

    /// <summary>Whether as much swap space may be used as memory and no more, as docker has it (docker-run(1), --memory-swap).</summary>
    public bool LimitsSwap { get; init; }

    /// <summary>The host's path of a small init program that reaps and passes signals on; null is none.</summary>
    public string? InitPath { get; init; }

    /// <summary>The places of all that is mounted because it was asked for, and of the files of /etc.</summary>
    public IEnumerable<string> MountPoints => Mounts.Select(mount => mount.Destination).Concat(Spec.Tmpfs.Select(tmpfs => tmpfs.Path));

    /// <summary>Fails when the program is surely not in the root file system, or surely not executable.</summary>
    /// <exception cref="LayerImageException">CommandNotFound or CommandNotExecutable.</exception>
    public void RequireProgram(ContainerRoot root) => CommandResolver.Check(
        root, Spec.Arguments.Count > 0 ? Spec.Arguments[0] : "", RuntimeSpecBuilder.SearchPath(this), Spec.WorkingDirectory ?? "", [.. MountPoints]);
}
