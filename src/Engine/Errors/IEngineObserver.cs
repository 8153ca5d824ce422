namespace LayerImage.Engine.Errors;

/// <summary>How an operation speaks while it works. Passed per call; calls may come from any thread.</summary>
public interface IEngineObserver
{
    /// <summary>A detail for who asked for details.</summary>
    void Verbose(string message);

    /// <summary>Something the user should know although the operation goes on.</summary>
    void Warning(string message);

    /// <summary>Says how far a part of the operation is.</summary>
    void Progress(TransferProgress progress);
}

/// <summary>How far one part (a layer) of an operation is.</summary>
/// <param name="Operation">The whole: "Receive tomcat".</param>
/// <param name="Part">The part's key: a layer's short digest.</param>
/// <param name="Phase">What is done to it now: "Receiving", "Unpacking", "Done".</param>
/// <param name="BytesDone">Bytes done so far.</param>
/// <param name="BytesTotal">Bytes in all, or null when not known.</param>
public readonly record struct TransferProgress(string Operation, string Part, string Phase, long BytesDone, long? BytesTotal);

/// <summary>An observer that listens to nothing.</summary>
public sealed class SilentObserver : IEngineObserver
{
    /// <summary>The observer that hears nothing.</summary>
    public static SilentObserver Instance { get; } = new();

    private SilentObserver()
    {
    }

    /// <inheritdoc/>
    public void Verbose(string message)
    {
    }

    /// <inheritdoc/>
    public void Warning(string message)
    {
    }

    /// <inheritdoc/>
    public void Progress(TransferProgress progress)
    {
    }
}
