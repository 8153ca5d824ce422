using System.Collections.Concurrent;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>
/// The host as each container has it. A container's run folder is the one that it was started with: its monitor, its
/// exit code and its network's handle are there, whatever this session's run folder is. So a look from a session with
/// another one sees what there is, and an end is dealt with where it is told.
/// </summary>
/// <param name="run">This session's run folder: that of what it starts.</param>
/// <param name="cgroups">The host's control groups.</param>
/// <param name="open">Opens the host for a run folder; called when something of it is needed.</param>
internal sealed class ContainerHosts(string run, Lazy<CgroupLayout> cgroups, Func<string, HostDrivers> open)
{
    private readonly ConcurrentDictionary<string, HostDrivers> _opened = new(StringComparer.Ordinal);

    /// <summary>The host for what this session starts.</summary>
    public HostDrivers Own => Of(run);

    /// <summary>The host of a container.</summary>
    public HostDrivers Of(ContainerRecord record) => Of(record.Run ?? run);

    /// <summary>Where a container's runtime files are. Opens nothing.</summary>
    public RuntimePaths PathsOf(ContainerRecord record) => new(record.Run ?? run);

    /// <summary>What a container does, by the kernel, whatever was recorded of it.</summary>
    public RuntimeState StateOf(ContainerRecord record)
    {
        RuntimeState state = Of(record).Runtime.GetState(record.Id);
        // Its control group may be out of sight (a session in a cgroup namespace of its own), and the run folder be lost.
        return state.Status == RuntimeStatus.Unknown && record.Program is { IsAlive: true } program ? new RuntimeState(RuntimeStatus.Running, program, null, null) : state;
    }

    /// <summary>Sends a signal to a container's first process; false when that has ended.</summary>
    public bool Kill(ContainerRecord record, int signal) => Of(record).Runtime.Kill(record.Id, signal) || record.Program?.Signal(signal) == true;

    /// <summary>Whether a container's program is gone, by the kernel.</summary>
    public bool HasEnded(ContainerRecord record) => StateOf(record).Status is not (RuntimeStatus.Running or RuntimeStatus.Paused or RuntimeStatus.Created);

    /// <summary>Waits until a container's program is gone; false when it is not in time.</summary>
    public async Task<bool> WaitForEndAsync(ContainerRecord record, TimeSpan patience, CancellationToken cancellationToken)
    {
        long start = Environment.TickCount64;
        double pause = 2;
        while (!HasEnded(record))
        {
            double left = patience == Timeout.InfiniteTimeSpan ? double.MaxValue : patience.TotalMilliseconds - (Environment.TickCount64 - start);
            if (left <= 0)
            {
                return false;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(left, pause)), cancellationToken).ConfigureAwait(false);
            pause = Math.Min(pause * 1.5, 50);
        }
        return true;
    }

    /// <summary>Whether a container whose record says that it does not run has processes all the same: its record is older than they are.</summary>
    public bool HasProcesses(ContainerRecord record) => cgroups.Value.HasProcesses(record.Id);

    private HostDrivers Of(string folder) => _opened.GetOrAdd(folder, open);
}
