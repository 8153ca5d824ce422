using System.Management.Automation;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;

namespace LayerImage.Cmdlets.Base;

/// <summary>
/// The base of cmdlets that work on containers: by -Name (wildcards, or an id or its beginning) or piped. A literal
/// name that is not found is a non-terminating error, a wildcard that matches nothing is nothing.
/// </summary>
public abstract class ContainerSelectionCommand : LayerImageCmdlet
{
    /// <summary>The set of parameters with -Name.</summary>
    protected const string NameSet = "Name";

    /// <summary>The set of parameters with -InputObject.</summary>
    protected const string InputObjectSet = "InputObject";

    private readonly Lazy<TypedLine?> _typedLine;

    /// <summary>Makes the cmdlet.</summary>
    protected ContainerSelectionCommand() => _typedLine = new(() => Base.TypedLine.Of(MyInvocation));

    /// <summary>The call as it was typed, read once for all that is piped in; null where nothing was typed.</summary>
    private protected TypedLine? TypedLine => _typedLine.Value;

    /// <summary>The containers that the user means.</summary>
    /// <param name="names">Names, ids or their beginnings; those that were typed may have wildcards.</param>
    /// <param name="piped">A container from the pipeline.</param>
    /// <param name="cancellationToken">Fires at Ctrl-C.</param>
    /// <param name="parameter">The parameter that has the names.</param>
    protected async Task<IReadOnlyList<Container>> SelectAsync(string[]? names, Container? piped, CancellationToken cancellationToken, string parameter = "Name")
    {
        if (piped is not null)
        {
            return [piped];
        }
        List<Container> selected = [];
        IReadOnlyList<Container>? all = null;
        foreach (string name in names ?? [])
        {
            if (IsPattern(parameter, name))
            {
                all ??= await Engine.Containers.ListAsync(cancellationToken);
                WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase);
                selected.AddRange(all.Where(container => pattern.IsMatch(container.Name)));
                continue;
            }
            try
            {
                selected.Add(await Engine.Containers.GetAsync(name, cancellationToken));
            }
            catch (Exception failure) when (HostFailure.Explain(failure) is { } e && !ErrorMap.IsFatal(e.Error))
            {
                WriteFailure(e, name);
            }
        }
        return [.. selected.DistinctBy(container => container.Id)];
    }

    /// <summary>Tells scripts a program's exit code, as PowerShell does for programs of its own.</summary>
    protected void SetExitCode(int? code) => SessionState.PSVariable.Set("global:LASTEXITCODE", code);

    /// <summary>Waits for the exit code of a program that was in the foreground. One that nobody knows is null, which is neither success nor failure.</summary>
    protected async Task SetExitCodeOfAsync(Container container, CancellationToken cancellationToken)
    {
        int? code = await Engine.Containers.Waits.ForExitCodeAsync(container.Id, cancellationToken);
        SetExitCode(code);
        if (code is null)
        {
            WriteWarning($"The exit code of {container.Name} is not known, so $LASTEXITCODE is $null: its monitor was gone before it could note it.");
        }
    }

    /// <summary>Starts a program. One that cannot be started has docker's exit codes too: 127 and 126 for the command, 125 for all else.</summary>
    protected async Task<T> StartProgramAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (LayerImageException e)
        {
            SetExitCode(e.Error switch { EngineError.CommandNotFound => 127, EngineError.CommandNotExecutable => 126, _ => 125 });
            throw;
        }
    }

    /// <summary>Does something to each container that the user means; a failure is written and the next one follows.</summary>
    protected async Task ForEachContainerAsync(string[]? names, Container? piped, Func<Container, Task> body, CancellationToken cancellationToken) =>
        await ForEachAsync(await SelectAsync(names, piped, cancellationToken), body);
}

/// <summary>
/// The same with the two parameters that most of these cmdlets have. Their default set is InputObject: in the other
/// one a piped container would be bound by its name, and another container may have that name by then.
/// </summary>
public abstract class ContainerCommand : ContainerSelectionCommand
{
    /// <summary>Names (wildcards), ids or their beginnings.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NameTransformation("ContainerName", "Name")]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    // Not mandatory: PowerShell would ask a person for an object.
    /// <summary>Containers from the pipeline.</summary>
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Container? InputObject { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken) => ParameterSetName == InputObjectSet && InputObject is null
        ? throw NothingGiven("container", "Name")
        : ForEachContainerAsync(Name, ParameterSetName == InputObjectSet ? InputObject : null, container => ProcessContainerAsync(container, cancellationToken), cancellationToken);

    /// <summary>Called for each container.</summary>
    protected abstract Task ProcessContainerAsync(Container container, CancellationToken cancellationToken);
}
