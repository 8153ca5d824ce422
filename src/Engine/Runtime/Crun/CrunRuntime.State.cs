using System.Globalization;

namespace LayerImage.Engine.Runtime;

internal sealed partial class CrunRuntime
{
    /// <inheritdoc/>
    public RuntimeState GetState(string id)
    {
        (int? exitCode, DateTimeOffset? finishedAt) = _paths.ReadExit(id);
        if (FindProcess(id) is not ProcessIdentity process)
        {
            return new RuntimeState(exitCode is null ? RuntimeStatus.Unknown : RuntimeStatus.Stopped, null, exitCode, finishedAt);
        }
        if (!process.IsAlive)
        {
            return new RuntimeState(RuntimeStatus.Stopped, process, exitCode, finishedAt);
        }
        RuntimeStatus status = File.Exists(_paths.StartGate(id)) || File.Exists(NoGate(id)) ? RuntimeStatus.Created
            : _cgroups.Freezer(id)?.IsFrozen() == true ? RuntimeStatus.Paused
            : RuntimeStatus.Running;
        return new RuntimeState(status, process, null, null);
    }

    /// <inheritdoc/>
    public async Task PauseAsync(string id, CancellationToken cancellationToken)
    {
        CgroupFreezer freezer = FreezerOfRunning(id);
        try
        {
            await UntilAsync(
                () =>
                {
                    // Version 1 can hang in FREEZING beside a process that forks; writing again takes it on.
                    Write(freezer, freezer.FreezeWord, "paused", id);
                    return freezer.IsFrozen();
                },
                $"The container {id} does not freeze.", id, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            try
            {
                Write(freezer, freezer.ThawWord, "resumed", id);
            }
            catch (Errors.LayerImageException)
            {
                // The first failure is the one to tell.
            }
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task ResumeAsync(string id, CancellationToken cancellationToken)
    {
        CgroupFreezer freezer = FreezerOfRunning(id);
        Write(freezer, freezer.ThawWord, "resumed", id);
        await UntilAsync(() => !freezer.IsFrozen(), $"The container {id} does not thaw.", id, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<ExecProcess> ExecAsync(string id, ExecOptions options, CancellationToken cancellationToken)
    {
        RuntimeState state = GetState(id);
        if (state is not { Status: RuntimeStatus.Running, Process: ProcessIdentity process })
        {
            throw state.Status == RuntimeStatus.Paused
                ? new Errors.LayerImageException(Errors.EngineError.ContainerNotRunning, $"The container {id} is paused.") { Target = id, Advice = "Resume it first." }
                : NotRunning(id);
        }
        if (!Directory.Exists(Path.Combine(_paths.CrunRoot, id)))
        {
            throw RuntimeErrors.FolderLost(id, _paths.Run);
        }
        return ExecProcess.StartAsync(Crun(), id, _paths.Bundle(id), _cgroups, process, options, cancellationToken);
    }

    private CgroupFreezer FreezerOfRunning(string id)
    {
        if (GetState(id).Status is not (RuntimeStatus.Running or RuntimeStatus.Paused))
        {
            throw NotRunning(id);
        }
        return _cgroups.Freezer(id) ?? throw new Errors.LayerImageException(
            Errors.EngineError.NotSupportedByKernel, "This host has no control group that can freeze processes.") { Target = id };
    }

    private void Write(CgroupFreezer freezer, string word, string what, string id)
    {
        try
        {
            File.WriteAllText(freezer.ControlFile, word);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It may have ended since it was looked at.
            throw GetState(id).Status is RuntimeStatus.Running or RuntimeStatus.Paused ? RuntimeErrors.Failed($"The container {id} cannot be {what}: {error.Message}", id) : NotRunning(id);
        }
    }

    private bool MonitorIsAlive(string id)
    {
        try
        {
            return ProcessIdentity.Of(int.Parse(File.ReadAllText(Path.Combine(_paths.Bundle(id), "conmon.pid")), CultureInfo.InvariantCulture)) is not null;
        }
        catch (Exception error) when (error is IOException or FormatException)
        {
            return false;
        }
    }

    // The run folder may be lost, the processes are in their control group all the same.
    private ProcessIdentity? FindProcess(string id) => ReadProcess(id) ?? _cgroups.FirstProcess(id);

    private ProcessIdentity? ReadProcess(string id)
    {
        try
        {
            string[] fields = File.ReadAllText(_paths.ProcessFile(id)).Split(' ');
            return new ProcessIdentity(int.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
