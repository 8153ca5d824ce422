using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace LayerImage.Engine.IO;

/// <summary>
/// Does steps one after another on a thread of its own, while the thread that gives them goes on. That one waits when too
/// many are left to do, and meets the failure of a step when it gives a later one; nothing is done after a failure.
/// </summary>
internal sealed class WorkLine : IDisposable
{
    private const int MostAhead = 64;
    private readonly BlockingCollection<(Action Step, ManualResetEventSlim? Done)> _steps = new(MostAhead);
    private readonly Thread _thread;
    private volatile ExceptionDispatchInfo? _failure;
    private volatile bool _isAbandoned;

    public WorkLine(string name)
    {
        _thread = new Thread(Work) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Whether it was disposed of before it was finished: what is left is not done.</summary>
    public bool IsAbandoned => _isAbandoned;

    /// <summary>Adds a step that is done after those before it.</summary>
    public void Add(Action step)
    {
        _failure?.Throw();
        _steps.Add((step, null));
    }

    /// <summary>Gives a step and waits until it is done.</summary>
    public void Do(Action step)
    {
        using ManualResetEventSlim done = new();
        _steps.Add((step, done));
        done.Wait(CancellationToken.None);
        _failure?.Throw();
    }

    /// <summary>Waits until all steps are done.</summary>
    public void Finish()
    {
        _steps.CompleteAdding();
        _thread.Join();
        _failure?.Throw();
    }

    /// <summary>Ends it after the step that is being done, and waits for that.</summary>
    public void Dispose()
    {
        _isAbandoned = true;
        _steps.CompleteAdding();
        _thread.Join();
        _steps.Dispose();
    }

    // After a failure steps are still taken, so that nobody waits for room.
    private void Work()
    {
        foreach ((Action step, ManualResetEventSlim? done) in _steps.GetConsumingEnumerable())
        {
            try
            {
                if (_failure is null && !_isAbandoned)
                {
                    step();
                }
            }
            catch (Exception e)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }
            done?.Set();
        }
    }
}
