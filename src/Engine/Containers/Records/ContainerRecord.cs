using System.Net;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>A container's row in the store: what was true at the last look.</summary>
internal sealed record ContainerRecord
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required ContainerSpec Spec { get; init; }

    public IPAddress? Address { get; init; }

    public required ContainerState State { get; init; }

    /// <summary>Made by a process that has not finished: when that dies, the container never was.</summary>
    public bool IsNew { get; init; }

    /// <summary>The boot in which <see cref="Pid"/> means something.</summary>
    public string? BootId { get; init; }

    /// <summary>The container's first process; while Starting, the process that starts it.</summary>
    public int? Pid { get; init; }

    /// <summary>When that process started, in clock ticks after boot.</summary>
    public long? PidStart { get; init; }

    /// <summary>The run folder that it was started with last; null for the session's.</summary>
    public string? Run { get; init; }

    /// <summary>Its first process, when it was recorded to run in this boot.</summary>
    public ProcessIdentity? Program => State is ContainerState.Running or ContainerState.Paused && IsOfThisBoot && Pid is int pid && PidStart is long start
        ? new ProcessIdentity(pid, start) : null;

    /// <summary>Whether it was last started in this boot.</summary>
    public bool IsOfThisBoot => BootId == HostProcess.BootId;

    /// <summary>Whether nothing of it runs, nor is to: it has never been started, or its end is dealt with.</summary>
    public bool IsAtRest => State is ContainerState.Created or ContainerState.Exited;

    /// <summary>Whether a process that lives starts it now.</summary>
    public bool IsBeingStarted => State == ContainerState.Starting && IsOfThisBoot && HostProcess.IsAlive(Pid ?? 0, PidStart ?? 0);

    /// <summary>The process that stops it to start it again: see <see cref="HostProcess.Stamp"/>.</summary>
    public string? Keeper { get; init; }

    /// <summary>It goes at its end; not when it is only stopped to be started again by a process that lives.</summary>
    public bool RemovesItself => Spec.AutoRemove && (Keeper is null || !HostProcess.IsAlive(Keeper));

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? Error { get; init; }

    public IReadOnlyList<PortMapping> Ports => Spec.Publish;

    /// <summary>For users; the state may be fresher than the record's.</summary>
    public Container ToContainer(ContainerState state) => new()
    {
        Id = Id,
        Name = Name,
        State = state,
        ExitCode = state is ContainerState.Exited ? ExitCode : null,
        Error = Error,
        CreatedAt = CreatedAt,
        StartedAt = StartedAt,
        FinishedAt = state is ContainerState.Exited ? FinishedAt : null,
        Ports = Ports,
        IPAddress = state is ContainerState.Running or ContainerState.Paused ? Address?.ToString() : null,
        ProcessId = state is ContainerState.Running or ContainerState.Paused ? Pid : null,
        Spec = Spec,
    };
}
