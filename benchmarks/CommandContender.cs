using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Benchmarks;

/// <summary>An engine with docker's command line.</summary>
/// <param name="folder">For its stores and settings.</param>
/// <param name="boxTar">A tar of the image "box".</param>
internal abstract class CommandContender(string folder, string boxTar) : IContender
{
    private int _stores;

    public abstract string Name { get; }

    /// <summary>Where its stores and settings are.</summary>
    protected string Folder => folder;

    /// <summary>The folder of the store in use.</summary>
    protected string Store => Path.Combine(folder, $"store{_stores}");

    /// <summary>The program with the options that every call has.</summary>
    protected abstract IReadOnlyList<string> Command { get; }

    public virtual Task PrepareAsync(CancellationToken cancellationToken) => UseBoxAsync(cancellationToken);

    public async Task UseBoxAsync(CancellationToken cancellationToken)
    {
        await UseEmptyStoreAsync(cancellationToken);
        await RunAsync(["import", boxTar, "box"], cancellationToken);
    }

    public Task StartAsync(string container, int? port, CancellationToken cancellationToken)
    {
        string[] publish = port is null ? [] : ["-p", $"{port}:8080"];
        return RunAsync(["run", "-d", "--name", container, .. publish, "box", "sleep", "3600"], cancellationToken);
    }

    public Task ExecAsync(string container, string[] command, CancellationToken cancellationToken) =>
        RunAsync(["exec", container, .. command], cancellationToken);

    public Task StopAsync(string container, CancellationToken cancellationToken) => RunAsync(["stop", "-t", "0", container], cancellationToken);

    public virtual Task RemoveAsync(string container, CancellationToken cancellationToken) => RunAsync(["rm", "-f", container], cancellationToken);

    public Task ListAsync(CancellationToken cancellationToken) => RunAsync(["ps", "-a"], cancellationToken);

    public Task CommitAsync(string container, string image, CancellationToken cancellationToken) =>
        RunAsync(["commit", container, image], cancellationToken);

    public abstract Task ClearAsync();

    public virtual async Task UseEmptyStoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_stores > 0)
            {
                await ClearAsync();
            }
        }
        finally
        {
            _stores++;
            Directory.CreateDirectory(Store);
        }
    }

    public abstract Task PullAsync(string reference, CancellationToken cancellationToken);

    public abstract Task PushAsync(string reference, string destination, CancellationToken cancellationToken);

    public virtual Task SaveAsync(string image, string path, CancellationToken cancellationToken) => RunAsync(["save", "-o", path, image], cancellationToken);

    public virtual Task SaveOciAsync(string image, string path, CancellationToken cancellationToken) => throw new NotSupportedException();

    public virtual Task LoadAsync(string path, CancellationToken cancellationToken) => RunAsync(["load", "-i", path], cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs the engine's program.</summary>
    protected Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, [.. Command, .. arguments], null, cancellationToken);
}
