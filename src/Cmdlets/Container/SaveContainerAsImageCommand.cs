using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Cmdlets.Transformation;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Makes images of containers: their changes become a layer, their settings the image's defaults.</summary>
[Cmdlet(VerbsData.Save, "ContainerAsImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(LayerImage.Engine.Images.Image))]
public sealed class SaveContainerAsImageCommand : ContainerSelectionCommand
{
    private const string ChangeSet = "InputChange";

    private readonly HashSet<string> _given = [];
    private readonly Dictionary<string, HashSet<string>> _chosen = new(StringComparer.Ordinal);
    private PathExclusion? _excluded;

    /// <summary>The new image's name: repository[:tag], or a script block for a piped container. Made from the container's name when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Reference { get; set; }

    /// <summary>Containers: names (wildcards), ids or their beginnings.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = NameSet, ValueFromPipeline = true)]
    [TextTransformation]
    [ArgumentCompleter(typeof(ContainerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Containers from the pipeline.</summary>
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ContainerTransformation]
    [ValidateNotNull]
    public Container? InputObject { get; set; }

    /// <summary>Changes from the pipeline, as Get-ContainerChange emits them: the layer has these and no other.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ChangeSet, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = NameSet, ValueFromPipeline = true)]
    public LayerChange? InputChange { get; set; }

    /// <summary>Who made it; the base image's author when it is left out.</summary>
    [Parameter]
    public string? Author { get; set; }

    /// <summary>A message for its history.</summary>
    [Parameter]
    public string? Message { get; set; }

    /// <summary>Instructions of a Dockerfile for the image's configuration: 'CMD ["httpd"]', 'ENV A=b', 'EXPOSE 80'.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Change { get; set; } = [];

    /// <summary>Paths in the container, from its root (wildcards, where * takes '/' too): changes there and beneath are left out.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Exclude { get; set; } = [];

    /// <summary>The time to record; no file in the layer is newer. The same changes make the same image on every machine then.</summary>
    [Parameter]
    public DateTimeOffset? Timestamp { get; set; }

    /// <summary>Make an image of one layer, of all that the container shows, in place of one more on the base image's.</summary>
    [Parameter]
    public SwitchParameter Squash { get; set; }

    /// <summary>Write into the image which container and image it was made of, with labels and annotations.</summary>
    [Parameter]
    public SwitchParameter Provenance { get; set; }

    /// <summary>Read a running container without pausing it: a file that changes meanwhile may be torn.</summary>
    [Parameter]
    public SwitchParameter NoPause { get; set; }

    /// <summary>Accepted for symmetry: the image is always emitted.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    // By -Name it waits for the end: changes may come in.
    private bool TakesChanges => ParameterSetName == ChangeSet || (ParameterSetName == NameSet && IsTyped(nameof(Name)) && MyInvocation.ExpectingInput);

    // Two loose words are in docker's order, the container first, and a single one is the container. Beside the pipeline a word
    // is the image's name, and the binder gives the words out before it looks there.
    /// <inheritdoc/>
    protected override Task BeginAsync(CancellationToken cancellationToken)
    {
        if (MyInvocation.ExpectingInput || Reference is null || TypedLine is not { } line || line.Names(nameof(Reference)) || line.Names(nameof(Name)))
        {
            return Task.CompletedTask;
        }
        if (Name.Length > 1)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, "A container has one name as an image.") { Target = Name, Advice = "Write Save-ContainerAsImage CONTAINER IMAGE." };
        }
        (Name, Reference) = ([Reference], Name.ElementAtOrDefault(0));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (!TakesChanges && InputObject is null && Name.Length == 0)
        {
            throw NothingGiven("container", nameof(Name));
        }
        if (!TakesChanges)
        {
            return ForEachContainerAsync(Name, InputObject, container => SaveAsync(container, null, cancellationToken), cancellationToken);
        }
        // Changes of something else than a container have no name.
        string owner = InputChange?.ContainerName ?? "";
        _chosen.TryAdd(owner, new HashSet<string>(StringComparer.Ordinal));
        if (InputChange is not null)
        {
            _chosen[owner].Add(InputChange.Path);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (TakesChanges)
        {
            await SaveChosenAsync(cancellationToken);
        }
        foreach (string pattern in _given.Count > 0 && _excluded is not null ? _excluded.Unused : [])
        {
            WriteWarning($"-Exclude '{pattern}' fits no change: nothing was left out by it.");
        }
    }

    private async Task SaveChosenAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<Container> containers = await SelectAsync(ParameterSetName == NameSet ? Name : [.. _chosen.Keys], null, cancellationToken);
        if (_chosen.Keys.Except(containers.Select(container => container.Name)).FirstOrDefault() is string stray && ParameterSetName == NameSet)
        {
            throw new LayerImageException(EngineError.ParameterInvalid, $"Changes of '{stray}' came in, which is not the container that -Name means.")
            { Target = stray, Advice = "Pipe the changes of the container that is named, or leave -Name out." };
        }
        await ForEachAsync(containers, container => SaveAsync(container, ChosenOf(container), cancellationToken));
    }

    private HashSet<string> ChosenOf(Container container)
    {
        if (!_chosen.TryGetValue(container.Name, out HashSet<string>? chosen))
        {
            WriteWarning($"No change of {container.Name} came in: its image has no new layer.");
        }
        return chosen ?? [];
    }

    private async Task SaveAsync(Container container, HashSet<string>? chosen, CancellationToken cancellationToken)
    {
        string reference = Reference ?? CommitName.Of(container.Name);
        if (_given.Contains(reference))
        {
            throw new LayerImageException(EngineError.NameInUse, $"'{reference}' was just given to another container's image: the second would take it away.")
            { Target = container.Name, Advice = "Leave -Reference out, or make it from the container: -Reference { \"$($_.Name):v2\" }" };
        }
        _excluded ??= Exclude.Length == 0 ? null : new PathExclusion(Exclude);
        CommitOptions options = new()
        {
            Reference = reference,
            Author = Author,
            Message = Message,
            Changes = Change,
            Timestamp = Timestamp,
            Only = chosen,
            Excludes = _excluded is null ? null : _excluded.Fits,
            Squash = Squash,
            Provenance = Provenance,
            NoPause = NoPause,
        };
        bool goesOn = await ShouldProcessAsync(container.Name, $"Save as image {reference}", () => Engine.Commits.Check(container.Id, options));
        _given.Add(reference);
        if (goesOn)
        {
            WriteObject(await Engine.Commits.CommitAsync(container.Id, options, Observer, cancellationToken));
        }
    }
}
