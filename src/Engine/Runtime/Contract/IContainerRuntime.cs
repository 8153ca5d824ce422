using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Makes processes out of mounted root file systems. A container's life:
/// <para>
/// <b>Create</b> writes the bundle and starts the monitor, which has the runtime make the namespaces, mounts and
/// control groups and stop before the program. A failure leaves nothing. From here on the monitor (conmon) lives
/// exactly as long as the container and belongs to no session; this engine's process may end at any moment.
/// </para>
/// <para>
/// <b>Start</b> lets the program go. Between create and start the network can be made and a client attached, so
/// that not a byte of output is missed.
/// </para>
/// <para>
/// <b>End</b>: the monitor writes the exit code into the exits folder, then starts the exit command, which calls
/// <b>Delete</b> and undoes mounts and network. Delete removes the runtime's state, the control groups and the
/// bundle, not the exit file, not the log. It may be called any number of times, by several processes. The exit
/// command also runs after a create that failed (then there is no exit file): it must find nothing to do.
/// </para>
/// <para>
/// <b>State</b> never starts a process and never believes a record: it reads /proc, the control group and the exit
/// file. It is right after a crash of any part. A host's reboot empties the run folder, and so the state is Unknown.
/// </para>
/// Methods throw <see cref="LayerImageException"/>: RuntimeFailed, CommandNotFound, CommandNotExecutable,
/// ContainerNotRunning, ToolMissing, NotSupportedByKernel.
/// </summary>
internal interface IContainerRuntime
{
    /// <summary>Whether this host can limit swap space.</summary>
    bool LimitsSwap { get; }

    /// <summary>Makes a container that waits for its start. Not idempotent: an id that exists is an error.</summary>
    Task<ProcessIdentity> CreateAsync(ContainerLaunch launch, CancellationToken cancellationToken);

    /// <summary>Starts the program of a created container. Idempotent: one that runs already is left alone.</summary>
    Task StartAsync(string id, CancellationToken cancellationToken);

    /// <summary>Sends a signal to the first process; false when it has ended. A frozen container is thawed for SIGKILL, as it could not die otherwise.</summary>
    bool Kill(string id, int signal);

    /// <summary>Freezes every process. Returns when all are frozen. Idempotent.</summary>
    Task PauseAsync(string id, CancellationToken cancellationToken);

    /// <summary>Thaws. Idempotent.</summary>
    Task ResumeAsync(string id, CancellationToken cancellationToken);

    /// <summary>Removes what is left of a container that has ended; with force ends it first. Idempotent.</summary>
    Task DeleteAsync(string id, bool force, CancellationToken cancellationToken);

    /// <summary>What the container does now.</summary>
    RuntimeState GetState(string id);

    /// <summary>The state of a container whose program is gone. Waits a moment for the exit code that the monitor is about to write.</summary>
    Task<RuntimeState> GetEndAsync(string id, CancellationToken cancellationToken);

    /// <summary>Starts another process in a running container.</summary>
    Task<ExecProcess> ExecAsync(string id, ExecOptions options, CancellationToken cancellationToken);
}
