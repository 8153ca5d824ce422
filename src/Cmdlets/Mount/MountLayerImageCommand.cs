using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;

namespace LayerImage.Cmdlets.Commands;

/// <summary>
/// Mounts an image, or unites any folders, at a path: read-only, or writable with the changes in the store or in a folder
/// of the user's.
/// </summary>
[Cmdlet(VerbsData.Mount, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
[OutputType(typeof(UnionMount))]
public sealed class MountLayerImageCommand : LayerImageCmdlet
{
    private const string ReferenceSet = "Reference", InputObjectSet = "InputObject", LayerSet = "Layer";

    /// <summary>The image: a reference, an id or its beginning.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ReferenceSet)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [ValidateNotNullOrEmpty]
    public string Reference { get; set; } = "";

    // Not mandatory: PowerShell would ask a person for an object.
    /// <summary>Images from the pipeline.</summary>
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Image? InputObject { get; set; }

    /// <summary>Folders instead of an image, the base first, as Get-ImageLayer lists them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LayerSet)]
    [ValidateNotNullOrEmpty]
    public string[] Layer { get; set; } = [];

    /// <summary>Where the union appears; made when it does not exist. Without it a folder of the run folder.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Changes are possible and go to the store, where they are kept until they are discarded.</summary>
    [Parameter]
    public SwitchParameter Writable { get; set; }

    /// <summary>Changes are possible and go to this folder, in overlayfs's form.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? UpperDir { get; set; }

    /// <summary>Overlayfs's own folder, on the same file system as the upper one.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkDir { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        if (ParameterSetName == InputObjectSet && InputObject is null)
        {
            throw NothingGiven("image", nameof(Reference));
        }
        UnionMountRequest request = new()
        {
            Reference = ParameterSetName == LayerSet ? null : InputObject?.Id ?? Reference,
            Layers = [.. Layer.Select(ResolvePath)],
            Path = Absolute(Path),
            Writable = Writable || UpperDir is not null,
            UpperDir = Absolute(UpperDir),
            WorkDir = Absolute(WorkDir),
        };
        string what = ParameterSetName == LayerSet ? string.Join(", ", request.Layers) : InputObject?.Reference ?? Reference;
        if (await ShouldProcessAsync($"{what}{(request.Path is null ? "" : $" at {request.Path}")}", "Mount", () => Engine.Mounts.Check(request)))
        {
            WriteObject(await Engine.Mounts.MountAsync(request, Observer, cancellationToken));
        }
    }

    private string? Absolute(string? path) => path is null ? null : ResolvePath(path);
}
