using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Processes;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// crun under conmon. A verb of crun is a process of 10 ms or more, so what can be read or done at the kernel
/// directly is: state, start (crun's gate), kill, pause, resume. Create, delete and exec are crun's.
/// </summary>
internal sealed partial class CrunRuntime : IContainerRuntime
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lastWrites = TimeSpan.FromSeconds(1);

    private readonly RuntimePaths _paths;
    private readonly CgroupLayout _cgroups;
    private readonly SeccompCache _filters;
    private readonly string _crun;
    private readonly string _conmon;

    /// <exception cref="LayerImageException"><see cref="EngineError.ToolMissing"/>: crun or conmon is not installed.</exception>
    public CrunRuntime(EngineOptions options, CgroupLayout cgroups)
    {
        _paths = new RuntimePaths(options.Run);
        _cgroups = cgroups;
        _filters = new SeccompCache(Path.Combine(options.Run, "seccomp"));
        _crun = ToolLocator.Get("crun", "crun");
        _conmon = ToolLocator.Get("conmon", "conmon");
    }

    /// <inheritdoc/>
    public bool LimitsSwap => _cgroups.LimitsSwap();

    /// <inheritdoc/>
    public async Task<ProcessIdentity> CreateAsync(ContainerLaunch launch, CancellationToken cancellationToken)
    {
        _cgroups.EnsureUsable();
        string id = launch.Id, bundle = _paths.Bundle(id);
        if (GetState(id).Status is not (RuntimeStatus.Unknown or RuntimeStatus.Stopped))
        {
            throw RuntimeErrors.Failed($"The container {id} is already running.", id);
        }
        await DeleteAsync(id, force: true, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        RuntimeFile.EnsureFolder(bundle);
        RuntimeFile.EnsureFolder(_paths.Exits);
        File.Delete(_paths.ExitFile(id));
        RuntimeFile.Write(Path.Combine(bundle, "config.json"), RuntimeJson.Write(_filters.Apply(launch.Spec)), RuntimeFile.Private);
        try
        {
            int pid = await ConmonProcess.StartAsync(ConmonCommand.Compose(Options(launch)), launch.HeldHandles, _cgroups, bundle, launch.Spec.Process.Args[0]).ConfigureAwait(false);
            ProcessIdentity process = ProcessIdentity.Of(pid) ?? throw RuntimeErrors.Failed($"The container {id} ended before it was started.", id);
            _filters.Keep(launch.Spec, Path.Combine(_paths.CrunRoot, id));
            if (!File.Exists(_paths.StartGate(id)))
            {
                RuntimeFile.Write(NoGate(id), [], RuntimeFile.Private);
            }
            RuntimeFile.Write(_paths.ProcessFile(id), System.Text.Encoding.ASCII.GetBytes($"{process.Pid} {process.StartTime}"), RuntimeFile.Private);
            return process;
        }
        catch (Exception e)
        {
            // Asked before what was made there goes.
            LayerImageException? full = e is LayerImageException { Error: EngineError.RuntimeFailed } failure ? RuntimeErrors.FindFull(failure, _paths.Run) : null;
            await RemoveAsync(id, CancellationToken.None).ConfigureAwait(false);
            if (full is not null)
            {
                throw full;
            }
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task StartAsync(string id, CancellationToken cancellationToken)
    {
        RuntimeState state = GetState(id);
        if (state.Status is RuntimeStatus.Running or RuntimeStatus.Paused)
        {
            return;
        }
        if (state.Status != RuntimeStatus.Created)
        {
            throw NotRunning(id);
        }
        if (File.Exists(NoGate(id)))
        {
            _ = await ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, Crun("start", id), null, cancellationToken).ConfigureAwait(false);
            File.Delete(NoGate(id));
        }
        else if (!CrunGate.Open(_paths.StartGate(id)))
        {
            throw NotRunning(id);
        }
    }

    /// <inheritdoc/>
    public bool Kill(string id, int signal)
    {
        bool sent = FindProcess(id)?.Signal(signal) ?? false;
        if (sent && signal == SIGKILL && _cgroups.Freezer(id) is { } freezer && freezer.IsFrozen())
        {
            // Version 1 holds a signal back until the thaw.
            File.WriteAllText(freezer.ControlFile, freezer.ThawWord);
        }
        return sent;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string id, bool force, CancellationToken cancellationToken)
    {
        if (!force && FindProcess(id) is { IsAlive: true })
        {
            throw new LayerImageException(EngineError.ContainerRunning, $"The container {id} is running.") { Target = id, Advice = "Stop it first, or use -Force." };
        }
        if (ReadProcess(id) is null && Directory.Exists(_paths.Bundle(id)))
        {
            await EndCreateAsync(id, cancellationToken).ConfigureAwait(false);
        }
        if (FindProcess(id) is { IsAlive: true } process)
        {
            Kill(id, SIGKILL);
            await UntilAsync(() => !process.IsAlive, $"The container {id} does not end.", id, cancellationToken).ConfigureAwait(false);
            // What the monitor writes after its folder was removed would stay for ever.
            _ = await GetEndAsync(id, cancellationToken).ConfigureAwait(false);
        }
        // The others end with the first one, and hold the files until they have.
        await UntilAsync(() => !_cgroups.HasProcesses(id), $"The processes of the container {id} do not end.", id, cancellationToken).ConfigureAwait(false);
        await RemoveAsync(id, cancellationToken).ConfigureAwait(false);
    }

    // What is left of a container without processes.
    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (Directory.Exists(Path.Combine(_paths.CrunRoot, id)))
        {
            // Another process may be doing the same: what counts is that it is gone.
            ProcessResult result = await ProcessRunner.RunAsync(Crun("delete", "--force", id), null, cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0 && Directory.Exists(Path.Combine(_paths.CrunRoot, id)))
            {
                throw new ProcessFailedException(EngineError.RuntimeFailed, Crun("delete", "--force", id), result.ExitCode, result.Error);
            }
        }
        _cgroups.Remove(id);
        // The monitor may be writing into it still.
        await UntilAsync(() => TryDeleteFolder(_paths.Bundle(id)), $"{_paths.Bundle(id)} cannot be removed.", id, cancellationToken, s_lastWrites).ConfigureAwait(false);
    }

    /// <summary>Waits until the container has ended and its exit code is written (or conmon is gone, and none will be).</summary>
    public async Task<RuntimeState> WaitAsync(string id, CancellationToken cancellationToken)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(2);
        while (true)
        {
            RuntimeState state = GetState(id);
            if (state.Status is RuntimeStatus.Unknown || (state.Status == RuntimeStatus.Stopped && (state.ExitCode is not null || !MonitorIsAlive(id))))
            {
                return GetState(id);
            }
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            pause = pause * 1.5 < TimeSpan.FromMilliseconds(50) ? pause * 1.5 : TimeSpan.FromMilliseconds(50);
        }
    }

    private const int SIGKILL = 9;

    private ConmonOptions Options(ContainerLaunch launch) => new()
    {
        ConmonPath = _conmon,
        RuntimePath = CrunHybridWrapper.PathFor(_cgroups, _crun, _paths.Run),
        RuntimeRoot = _paths.CrunRoot,
        Id = launch.Id,
        Name = launch.Name,
        Bundle = _paths.Bundle(launch.Id),
        ExitDirectory = _paths.Exits,
        LogPath = launch.LogPath,
        Terminal = launch.Spec.Process.Terminal,
        StandardInput = launch.StandardInput,
        LeaveStandardInputOpen = launch.LeaveStandardInputOpen,
        ExitCommand = launch.ExitCommand,
    };

    private string NoGate(string id) => Path.Combine(_paths.Bundle(id), "nogate");

    internal List<string> Crun(params string[] arguments) => [_crun, "--root=" + _paths.CrunRoot, .. arguments];

    // conmon may be putting its last files there, or another process may be removing them.
    private static bool TryDeleteFolder(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
            return true;
        }
        catch (IOException)
        {
            return !Directory.Exists(path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw RuntimeErrors.Failed($"{path} cannot be removed: {e.Message}", path);
        }
    }

    private static LayerImageException NotRunning(string id)
        => new(EngineError.ContainerNotRunning, $"The container {id} is not running.") { Target = id, Advice = "Start it first." };

    private static async Task UntilAsync(Func<bool> condition, string failure, string id, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        TimeSpan deadline = patience ?? s_deadline;
        long start = Environment.TickCount64;
        while (!condition())
        {
            if (Environment.TickCount64 - start > deadline.TotalMilliseconds)
            {
                throw RuntimeErrors.Failed(failure + string.Create(CultureInfo.InvariantCulture, $" Waited {deadline.TotalSeconds} s."), id);
            }
            await Task.Delay(1, cancellationToken).ConfigureAwait(false);
        }
    }
}
