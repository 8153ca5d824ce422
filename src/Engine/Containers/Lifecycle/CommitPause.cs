using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Runtime;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Containers;

/// <summary>
/// A running container paused for a commit. The pause ends with the process that asked for it, however that ends: a
/// file says that the pause is a commit's, the container's lock is held as long as that lives, and the Agent waits at
/// a pipe that closes with it. Were both killed, the next look at the container thaws it.
/// </summary>
internal sealed class CommitPause : IAsyncDisposable
{
    private readonly IContainerRuntime _runtime;
    private readonly string _id;
    private readonly string _file;
    private readonly SafeFileHandle? _life;

    private CommitPause(IContainerRuntime runtime, string id, string file, SafeFileHandle? life) => (_runtime, _id, _file, _life) = (runtime, id, file, life);

    /// <summary>Pauses. The caller holds the container's lock until the pause has ended.</summary>
    public static async Task<CommitPause> BeginAsync(HostDrivers host, EngineOptions options, string id, CancellationToken cancellationToken)
    {
        IContainerRuntime runtime = host.Runtime;
        string file = host.Paths.CommitPauseFile(id);
        RuntimeFile.Write(file, [], RuntimeFile.Private);
        CommitPause pause = new(runtime, id, file, null);
        try
        {
            pause = options.AgentPath is null ? pause : new(runtime, id, file, StartWatch(options, id));
            await runtime.PauseAsync(id, cancellationToken).ConfigureAwait(false);
            return pause;
        }
        catch
        {
            await pause.GiveUpAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether a container's pause is a commit's. To who holds the container's lock: of one whose process has ended.</summary>
    public static bool IsThere(RuntimePaths paths, string id) => File.Exists(paths.CommitPauseFile(id));

    /// <summary>Ends the pause of a commit whose process has ended. The caller holds the container's lock.</summary>
    public static Task AbandonAsync(HostDrivers host, string id, CancellationToken cancellationToken) =>
        ThawAsync(host.Runtime, id, host.Paths.CommitPauseFile(id), cancellationToken);

    /// <summary>Ends the pause, whatever has become of the container.</summary>
    public async ValueTask DisposeAsync()
    {
        using FileStream? life = _life is null ? null : new FileStream(_life, FileAccess.Write, bufferSize: 0);
        await ThawAsync(_runtime, _id, _file, CancellationToken.None).ConfigureAwait(false);
        life?.WriteByte(1); // all is well: the Agent has nothing to do
    }

    private async Task GiveUpAsync()
    {
        try
        {
            await DisposeAsync().ConfigureAwait(false);
        }
        catch (LayerImageException)
        {
            // Who cannot pause it cannot thaw it either: the first failure is the one to tell.
        }
    }

    // The file stays as long as it is frozen: the next look at it tries again.
    private static async Task ThawAsync(IContainerRuntime runtime, string id, string file, CancellationToken cancellationToken)
    {
        try
        {
            await runtime.ResumeAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error == EngineError.ContainerNotRunning)
        {
            // It was killed while it was paused.
        }
        finally
        {
            if (runtime.GetState(id).Status != RuntimeStatus.Paused)
            {
                File.Delete(file);
            }
        }
    }

    // The Agent need not be up before the pause is: once it is, it finds the pipe closed or not.
    private static SafeFileHandle StartWatch(EngineOptions options, string id)
    {
        (SafeFileHandle read, SafeFileHandle write) = Libc.Pipe2();
        using (read)
        {
            int agent = Libc.PosixSpawn(options.AgentCommand("committing", id), [], [read]);
            _ = Task.Run(() => Libc.WaitPid(agent));
        }
        return write;
    }
}
