using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>A command that runs inside a container.</summary>
public sealed class RunningCommand : IAsyncDisposable
{
    private readonly ExecProcess _process;

    internal RunningCommand(ExecProcess process) => _process = process;

    /// <summary>How long it has run.</summary>
    public TimeSpan Duration => _process.Duration;

    /// <summary>Its lines as they come, until it ends.</summary>
    public IAsyncEnumerable<OutputLine> ReadLinesAsync(CancellationToken cancellationToken) => _process.ReadLinesAsync(cancellationToken);

    /// <summary>Waits for its end and returns its exit code; 0 at once for one that goes on by itself.</summary>
    public Task<int> WaitAsync(CancellationToken cancellationToken) => _process.WaitAsync(cancellationToken);

    /// <summary>Tells its terminal the size of the one that it was given. Without one nothing happens.</summary>
    public void Resize(int rows, int columns) => _process.Resize(rows, columns);

    /// <summary>Ends it when it still runs.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
