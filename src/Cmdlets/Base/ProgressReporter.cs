using System.Management.Automation;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// Shows what the engine reports: details and warnings as they come, progress at most five times a second, one activity
/// with a child for each layer. Engine threads report; the pipeline thread writes.
/// </summary>
internal sealed class ProgressReporter : IEngineObserver
{
    private const int MillisecondsBetween = 200;
    private static int s_lastId;

    private readonly Cmdlet _cmdlet;
    private readonly SynchronizationContext _pipeline;
    private readonly Dictionary<string, (int Id, TransferProgress Last)> _parts = [];
    private readonly int _id = Interlocked.Increment(ref s_lastId) * 1000;
    private long _nextTick;
    private bool _scheduled;

    public ProgressReporter(Cmdlet cmdlet, SynchronizationContext pipeline)
    {
        _cmdlet = cmdlet;
        _pipeline = pipeline;
    }

    public void Verbose(string message) => Write(() => _cmdlet.WriteVerbose(message));

    public void Warning(string message) => Write(() => _cmdlet.WriteWarning(message));

    public void Progress(TransferProgress progress)
    {
        lock (_parts)
        {
            _parts[progress.Part] = (_parts.TryGetValue(progress.Part, out (int Id, TransferProgress) known) ? known.Id : _id + 1 + _parts.Count, progress);
            if (_scheduled || Environment.TickCount64 < _nextTick)
            {
                return;
            }
            _scheduled = true;
        }
        Write(Show);
    }

    /// <summary>Takes the progress away. On the pipeline thread, at the end, whatever happened.</summary>
    public void Complete()
    {
        List<(int Id, TransferProgress Last)> parts;
        lock (_parts)
        {
            if (_parts.Count == 0)
            {
                return;
            }
            parts = [.. _parts.Values];
        }
        foreach ((int id, TransferProgress last) in parts)
        {
            WriteProgress(new ProgressRecord(id, last.Part, last.Phase) { ParentActivityId = _id, RecordType = ProgressRecordType.Completed });
        }
        WriteProgress(new ProgressRecord(_id, parts[0].Last.Operation, "Done") { RecordType = ProgressRecordType.Completed });
    }

    private void Show()
    {
        List<(int Id, TransferProgress Last)> parts;
        lock (_parts)
        {
            parts = [.. _parts.Values];
            _nextTick = Environment.TickCount64 + MillisecondsBetween;
            _scheduled = false;
        }
        long done = parts.Sum(part => part.Last.BytesDone), total = parts.Sum(part => part.Last.BytesTotal ?? 0);
        string sum = $"{Formatting.ByteSize.Format(done)} of {Formatting.ByteSize.Format(total)}";
        WriteProgress(new ProgressRecord(_id, parts[0].Last.Operation, sum) { PercentComplete = Percent(done, total) });
        foreach ((int id, TransferProgress last) in parts)
        {
            WriteProgress(new ProgressRecord(id, last.Part, last.Phase)
            {
                ParentActivityId = _id,
                PercentComplete = Percent(last.BytesDone, last.BytesTotal ?? 0),
            });
        }
    }

    private static int Percent(long done, long total) => total <= 0 ? -1 : (int)Math.Min(100, 100 * done / total);

    private void WriteProgress(ProgressRecord record)
    {
        try
        {
            _cmdlet.WriteProgress(record);
        }
        catch (PipelineStoppedException)
        {
            // Ctrl-C: there is nobody to show it to.
        }
    }

    private void Write(Action write) => _pipeline.Post(static state =>
    {
        try
        {
            ((Action)state!)();
        }
        catch (PipelineStoppedException)
        {
            // Ctrl-C: the body hears of it by its token.
        }
    }, write);
}
