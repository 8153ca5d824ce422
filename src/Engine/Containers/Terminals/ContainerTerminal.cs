using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>A client attached to a container's standard streams.</summary>
public sealed class ContainerTerminal : IAsyncDisposable
{
    private readonly AttachSession _session;

    internal ContainerTerminal(AttachSession session) => _session = session;

    /// <summary>Copies until the container ends: input to it (null is none), its outputs to the streams. Cancelling detaches.</summary>
    public Task PumpAsync(Stream? input, Stream output, Stream error, CancellationToken cancellationToken) => _session.PumpAsync(input, output, error, cancellationToken);

    /// <summary>Tells the container's terminal its size.</summary>
    public void Resize(int rows, int columns) => _session.Resize(rows, columns);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _session.DisposeAsync();
}
