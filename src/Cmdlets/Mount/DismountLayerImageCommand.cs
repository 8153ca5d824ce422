using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Dismounts unions. Changes in the store stay until they are discarded.</summary>
[Cmdlet(VerbsData.Dismount, "LayerImage", SupportsShouldProcess = true, DefaultParameterSetName = InputObjectSet)]
public sealed class DismountLayerImageCommand : UnionMountSelectionCommand
{
    /// <summary>Where the unions are mounted (wildcards).</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet)]
    [ArgumentCompleter(typeof(UnionMountCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The images that are mounted (wildcards), or ids or their beginnings: all their mounts.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReferenceSet)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Reference { get; set; } = [];

    // Not mandatory: PowerShell would ask a person for an object.
    /// <summary>Mounts from the pipeline.</summary>
    [ValidateNotNull]
    [Parameter(ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    public UnionMount? InputObject { get; set; }

    /// <summary>Although somebody uses it: who does keeps it until the end.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Delete the changes that the store keeps.</summary>
    [Parameter]
    public SwitchParameter Discard { get; set; }

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        DismountOptions options = new() { Force = Force, Discard = Discard };
        IEnumerable<UnionMount> mounts = ParameterSetName switch
        {
            PathSet => SelectByPath(Path),
            ReferenceSet => Select(Reference, FitsReference, WriteReferenceNotFound),
            _ => [InputObject ?? throw NothingGiven("mount", nameof(Path))],
        };
        return ForEachAsync(mounts.Where(mount => mount.IsMounted || Discard || ParameterSetName == InputObjectSet), async mount =>
        {
            if (ShouldProcess(
                mount.Reference is null ? mount.Merged : $"{mount.Reference} at {mount.Merged}",
                mount.IsMounted ? "Dismount" : "Discard the changes"))
            {
                await Engine.Mounts.DismountAsync(mount, options, Observer, cancellationToken);
            }
        });
    }
}
