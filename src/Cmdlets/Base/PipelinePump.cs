using System.Collections.Concurrent;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// Brings the continuations of asynchronous engine calls back to the pipeline thread, where alone a cmdlet may write.
/// Returns only when the body has ended: its cleanup too, also after Ctrl-C.
/// </summary>
internal sealed class PipelinePump : SynchronizationContext, IDisposable
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _queue = new();

    /// <summary>Runs a body to its end on the calling thread.</summary>
    public static void Run(Func<Task> body)
    {
        SynchronizationContext? previous = Current;
        using PipelinePump pump = new();
        SetSynchronizationContext(pump);
        try
        {
            Task task = body();
            _ = task.ContinueWith(_ => pump._queue.CompleteAdding(), TaskScheduler.Default);
            foreach ((SendOrPostCallback callback, object? state) in pump._queue.GetConsumingEnumerable())
            {
                callback(state);
            }
            task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(previous);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _queue.Add((d, state));
        }
        catch (InvalidOperationException)
        {
            // Progress that arrives after the body has ended.
        }
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public void Dispose() => _queue.Dispose();
}
