using System.Diagnostics;
using System.Management.Automation;
using System.Text;

namespace LayerImage.Shell;

/// <summary>
/// Write-Progress as lines below the output: one for each activity, children indented below their parent.
/// Any other output takes the lines away first and the next update brings them back.
/// </summary>
sealed class ProgressDisplay(ShellUserInterface screen, Lock screenLock)
{
    static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    const int BarWidth = 24;

    readonly SortedDictionary<(long Source, int Activity), ProgressRecord> _records = [];
    int _linesShown;
    long _lastDrawn;

    internal void Update(long sourceId, ProgressRecord record)
    {
        if (!ShellUserInterface.IsTerminal)
        {
            return;
        }
        lock (screenLock)
        {
            if (record.RecordType == ProgressRecordType.Completed)
            {
                _records.Remove((sourceId, record.ActivityId));
            }
            else
            {
                _records[(sourceId, record.ActivityId)] = record;
            }
            if (_records.Count == 0)
            {
                Erase();
            }
            else if (Stopwatch.GetElapsedTime(_lastDrawn) >= s_interval)
            {
                Draw();
            }
        }
    }

    /// <summary>Takes the lines away because something else is to be written.</summary>
    internal void Clear()
    {
        lock (screenLock)
        {
            Erase();
        }
    }

    /// <summary>Forgets activities that a stopped pipeline never completed.</summary>
    internal void Reset()
    {
        lock (screenLock)
        {
            _records.Clear();
            Erase();
        }
    }

    void Draw()
    {
        int width = Math.Max(20, screen.RawUI.WindowSize.Width - 1);
        int height = Math.Max(1, screen.RawUI.WindowSize.Height - 2);
        List<string> lines = [];
        foreach (ProgressRecord root in _records.Values.Where(record => !_records.Values.Any(other => other.ActivityId == record.ParentActivityId)))
        {
            Collect(root, 0, lines, width, height);
        }
        StringBuilder text = new(EraseSequence());
        text.AppendJoin("", lines.Select(line => line + "\n"));
        screen.WriteProgressText(text.ToString());
        _linesShown = lines.Count;
        _lastDrawn = Stopwatch.GetTimestamp();
    }

    void Collect(ProgressRecord record, int depth, List<string> lines, int width, int height)
    {
        if (lines.Count >= height || depth > 8)
        {
            return;
        }
        lines.Add(Line(record, depth, width));
        foreach (ProgressRecord child in _records.Values.Where(other => other.ParentActivityId == record.ActivityId))
        {
            Collect(child, depth + 1, lines, width, height);
        }
    }

    static string Line(ProgressRecord record, int depth, int width)
    {
        StringBuilder text = new();
        text.Append(' ', depth * 2).Append(record.Activity);
        if (record.PercentComplete >= 0)
        {
            int filled = Math.Clamp(record.PercentComplete, 0, 100) * BarWidth / 100;
            text.Append(" [").Append('#', filled).Append(' ', BarWidth - filled).Append(']');
        }
        text.Append(' ').Append(record.StatusDescription);
        if (!string.IsNullOrEmpty(record.CurrentOperation))
        {
            text.Append(' ').Append(record.CurrentOperation);
        }
        if (record.SecondsRemaining >= 0)
        {
            text.Append(' ').Append(TimeSpan.FromSeconds(record.SecondsRemaining).ToString("c", null)).Append(" left");
        }
        text.Replace('\n', ' ').Replace('\r', ' ');
        while (CellWidth.Of(text.ToString()) > width)
        {
            text.Length--;
        }
        return text.ToString();
    }

    void Erase()
    {
        if (_linesShown > 0)
        {
            screen.WriteProgressText(EraseSequence());
            _linesShown = 0;
        }
    }

    string EraseSequence() => _linesShown == 0 ? "" : $"\e[{_linesShown}A\r\e[J";
}
