using System.Management.Automation;
using LayerImage.Engine;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The base of all cmdlets: a cmdlet's body is asynchronous and runs on the pipeline thread; Ctrl-C cancels its token
/// and the pipeline ends when the body's cleanup has; the engine's failures become error records.
/// </summary>
public abstract class LayerImageCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<string> _typed = new(StringComparer.OrdinalIgnoreCase);
    private ProgressReporter? _reporter;

    /// <summary>The engine of this session.</summary>
    protected LayerImageEngine Engine => EngineSession.Get(this);

    /// <summary>Shows what the engine reports.</summary>
    protected IEngineObserver Observer => _reporter ??= new ProgressReporter(this, SynchronizationContext.Current!);

    /// <summary>Whether -WhatIf is on, given here or by the preference: for what must be known before ShouldProcess is asked.</summary>
    protected bool IsWhatIf => MyInvocation.BoundParameters.TryGetValue("WhatIf", out object? bound)
        ? bound is SwitchParameter { IsPresent: true }
        : LanguagePrimitives.IsTrue(SessionState.PSVariable.GetValue("WhatIfPreference"));

    /// <summary>
    /// ShouldProcess. With -WhatIf what the run would refuse is refused first: "What if" promises that it would work.
    /// </summary>
    /// <param name="target">What it is done to.</param>
    /// <param name="action">What is done.</param>
    /// <param name="check">Fails as the run would, and changes nothing.</param>
    protected async Task<bool> ShouldProcessAsync(string target, string action, Func<Task> check)
    {
        if (IsWhatIf)
        {
            await check();
        }
        return ShouldProcess(target, action);
    }

    /// <summary>The same for a check that does not wait.</summary>
    protected Task<bool> ShouldProcessAsync(string target, string action, Action check) => ShouldProcessAsync(target, action, () =>
    {
        check();
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        _typed.UnionWith(MyInvocation.BoundParameters.Keys);
        // What could not be understood must not become a filter that lets everything pass.
        Run(BeginAsync, endsAll: true);
    }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Run(ProcessAsync);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Run(EndAsync);

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => _stopping.Cancel();

    /// <summary>Called once before the first input. Its failure ends the cmdlet.</summary>
    protected virtual Task BeginAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Called for each input.</summary>
    protected virtual Task ProcessAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Called once after the last input.</summary>
    protected virtual Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whether a parameter was given as an argument, and not by the pipeline.</summary>
    protected bool IsTyped(string parameter) => _typed.Contains(parameter);

    /// <summary>
    /// Whether a text is a pattern: it has wildcards and was typed as an argument. What comes from the pipeline is literal,
    /// be it a text or a property: it may be a container's or a registry's.
    /// </summary>
    protected bool IsPattern(string parameter, string text) => IsTyped(parameter) && WildcardPattern.ContainsWildcardCharacters(text);

    /// <summary>Does something for one of several inputs: its failure is written and the next one follows.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <param name="body">What is done.</param>
    /// <param name="name">What the user named of an input, for its error; else the input itself.</param>
    protected async Task ForEachAsync<T>(IEnumerable<T> inputs, Func<T, Task> body, Func<T, object?>? name = null)
    {
        foreach (T input in inputs)
        {
            try
            {
                await body(input);
            }
            catch (Exception failure) when (HostFailure.Explain(failure) is { } e && !ErrorMap.IsFatal(e.Error))
            {
                HasFailed = true;
                WriteError(ErrorMap.ToRecord(e, name is null ? input : name(input)));
            }
        }
    }

    /// <summary>Whether something could not be done for one of the inputs.</summary>
    protected bool HasFailed { get; private set; }

    /// <summary>What a cmdlet says that was called without saying what of.</summary>
    /// <param name="what">The thing.</param>
    /// <param name="parameter">The parameter that names it.</param>
    protected LayerImageException NothingGiven(string what, string parameter) => new(EngineError.ParameterInvalid, $"No {what} was given.")
    { Target = parameter, Advice = $"Give it as -{parameter}, the first argument, or pipe it to {MyInvocation.MyCommand.Name}." };

    /// <summary>Writes a file or folder of this machine as Get-Item does, with what its table shows.</summary>
    protected void WriteFile(FileSystemInfo file) =>
        WriteObject(InvokeProvider.Item.Get([file.FullName], force: true, literalPath: true), enumerateCollection: true);

    /// <summary>Writes an engine's failure as a non-terminating error.</summary>
    protected void WriteFailure(LayerImageException exception, object? input) => WriteError(ErrorMap.ToRecord(exception, input));

    /// <summary>A path of this machine's files, made absolute by the session's location. It need not exist. See <see cref="HostPath"/>.</summary>
    protected string ResolvePath(string path) => HostPath.Resolve(SessionState, path);

    /// <summary>The files and folders that a path of the user's with wildcards means; without wildcards the path, be it there or not.</summary>
    protected IReadOnlyList<string> ResolvePaths(string path) => HostPath.ResolveAll(SessionState, path);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what a derived cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stopping.Dispose();
        }
    }

    private void Run(Func<CancellationToken, Task> body, bool endsAll = false)
    {
        try
        {
            PipelinePump.Run(async () =>
            {
                try
                {
                    await body(_stopping.Token);
                }
                finally
                {
                    _reporter?.Complete();
                    _reporter = null;
                }
            });
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception failure) when (HostFailure.Explain(failure) is { } e)
        {
            if (endsAll || ErrorMap.IsFatal(e.Error))
            {
                ThrowTerminatingError(ErrorMap.ToRecord(e, null));
            }
            WriteError(ErrorMap.ToRecord(e, null));
        }
    }
}
