namespace LayerImage.Engine.Registry;

/// <summary>
/// Reads an answer's body and gives up on a server that sends nothing for too long. Only the waiting for the server
/// counts: who reads slowly himself has all the time he needs.
/// </summary>
internal sealed class PatientReader : IDisposable
{
    private readonly Stream _body;
    private readonly TimeSpan _idle;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenRegistration _stopping;

    /// <param name="body">The body; it stays open.</param>
    /// <param name="patience">For how long.</param>
    /// <param name="stop">Ends a read.</param>
    public PatientReader(Stream body, RetryPolicy patience, CancellationToken stop)
    {
        _body = body;
        _idle = patience.Idle;
        _stop = stop;
        _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, patience.Clock);
        _stopping = stop.UnsafeRegister(static silence => ((CancellationTokenSource)silence!).Cancel(), _silence);
    }

    /// <exception cref="IOException">Nothing came in time (the inner exception is a TimeoutException), or the connection broke.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        _silence.CancelAfter(_idle);
        try
        {
            return await _body.ReadAsync(buffer, _silence.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!_stop.IsCancellationRequested)
        {
            throw new IOException($"it sent nothing for {_idle.TotalSeconds:0} seconds", new TimeoutException(e.Message, e));
        }
        finally
        {
            if (!_silence.IsCancellationRequested)
            {
                _silence.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _silence.Dispose();
    }
}
