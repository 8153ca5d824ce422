using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Runtime.InteropServices;

namespace LayerImage.Shell;

/// <summary>How a pipeline ended.</summary>
enum PipelineEnd
{
    Completed,

    /// <summary>A terminating error, which was shown.</summary>
    Failed,

    /// <summary>Ctrl-C.</summary>
    Stopped,
}

/// <summary>
/// Runs pipelines one after another with their output on the screen. SIGINT stops the one that runs and never
/// the Shell; native programs it started are in the terminal's foreground group and get the signal themselves.
/// </summary>
sealed class PipelineRunner : IDisposable
{
    readonly Runspace _runspace;
    readonly ShellHost _host;
    readonly PosixSignalRegistration _interrupt;
    readonly Lock _lock = new();
    readonly Stack<Pipeline> _running = new();

    internal PipelineRunner(Runspace runspace, ShellHost host)
    {
        _runspace = runspace;
        _host = host;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            StopCurrent();
        });
    }

    public void Dispose() => _interrupt.Dispose();

    /// <summary>Runs a text, as typed or given on the command line, and shows what it returns.</summary>
    internal PipelineEnd Run(string script) =>
        // Only what is added to the history leaves its $? behind; everything else puts the old one back.
        Show(Create(script, addToHistory: true));

    /// <summary>Runs a text that is the Shell's own and not the user's.</summary>
    internal PipelineEnd Prepare(string script) => Show(Create(script, addToHistory: false));

    /// <summary>Runs a script file with arguments and shows what it returns; its <c>exit N</c> is the Shell's.</summary>
    internal PipelineEnd RunFile(string file, IEnumerable<string> arguments) => Run(
        // Called as a command, a script's `exit` only sets $LASTEXITCODE (pwsh -File uses an internal switch to change that).
        $"$global:LASTEXITCODE = 0; & '{CodeGeneration.EscapeSingleQuotedStringContent(file)}' {string.Join(' ', arguments)}; "
        + "if (-not $?) { exit $(if ($LASTEXITCODE) { $LASTEXITCODE } else { 1 }) }");

    /// <summary>Runs a text quietly and returns its objects; none when it fails.</summary>
    internal IReadOnlyList<PSObject> Query(string script)
    {
        using Pipeline pipeline = Create(script, addToHistory: false);
        try
        {
            return Invoke(pipeline, null);
        }
        catch (RuntimeException)
        {
            return [];
        }
    }

    /// <summary>Whether the last thing run succeeded, by PowerShell's own account.</summary>
    internal bool LastSucceeded() => Query("$?") is [{ BaseObject: true }];

    Pipeline Create(string? script, bool addToHistory)
    {
        bool nested = _running.Count > 0;
        return script is null
            ? nested ? _runspace.CreateNestedPipeline() : _runspace.CreatePipeline()
            : nested ? _runspace.CreateNestedPipeline(script, addToHistory) : _runspace.CreatePipeline(script, addToHistory);
    }

    PipelineEnd Show(Pipeline pipeline)
    {
        using (pipeline)
        {
            pipeline.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
            pipeline.Commands.Add(OutDefault());
            try
            {
                Invoke(pipeline, null);
                return pipeline.PipelineStateInfo.State is PipelineState.Stopped or PipelineState.Stopping ? PipelineEnd.Stopped : PipelineEnd.Completed;
            }
            catch (PipelineStoppedException)
            {
                return PipelineEnd.Stopped;
            }
            catch (RuntimeException e)
            {
                ShowError(e.ErrorRecord ?? new ErrorRecord(e, "ShellFailed", ErrorCategory.NotSpecified, null));
                return PipelineEnd.Failed;
            }
            finally
            {
                _host.Screen.Progress.Reset();
            }
        }
    }

    void ShowError(ErrorRecord error) => _host.Screen.AsError(() =>
    {
        using Pipeline pipeline = Create(null, addToHistory: false);
        pipeline.Commands.Add(OutDefault());
        try
        {
            Invoke(pipeline, error);
        }
        catch (RuntimeException)
        {
            _host.Screen.WriteErrorLine(error.ToString());
        }
    });

    static Command OutDefault() => new("Out-Default")
    {
        MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output,
    };

    IReadOnlyList<PSObject> Invoke(Pipeline pipeline, object? input)
    {
        lock (_lock)
        {
            _running.Push(pipeline);
        }
        try
        {
            return input is null ? pipeline.Invoke() : pipeline.Invoke(new[] { input });
        }
        finally
        {
            lock (_lock)
            {
                _running.Pop();
            }
        }
    }

    void StopCurrent()
    {
        lock (_lock)
        {
            if (!_running.TryPeek(out Pipeline? pipeline))
            {
                return;
            }
            try
            {
                pipeline.StopAsync();
            }
            // Stopping races with the pipeline's own end, where the engine reads what it has just cleared.
            catch (Exception e) when (e is NullReferenceException or InvalidPipelineStateException or ObjectDisposedException)
            {
            }
        }
    }
}
