using System.Management.Automation;
using LayerImage.Cmdlets.Base;
using LayerImage.Cmdlets.Completion;
using LayerImage.Engine.Mounts;

namespace LayerImage.Cmdlets.Commands;

/// <summary>Lists what is mounted, and the changes that are kept of what was.</summary>
[Cmdlet(VerbsCommon.Get, "LayerImageMount", DefaultParameterSetName = PathSet)]
[OutputType(typeof(UnionMount))]
public sealed class GetLayerImageMountCommand : UnionMountSelectionCommand
{
    /// <summary>Where the unions are mounted (wildcards); without it all are meant.</summary>
    [Parameter(Position = 0, ParameterSetName = PathSet)]
    [ArgumentCompleter(typeof(UnionMountCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Of which image: references (wildcards), or ids or their beginnings.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ReferenceSet)]
    [ArgumentCompleter(typeof(ImageReferenceCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Reference { get; set; } = [];

    /// <inheritdoc/>
    protected override Task ProcessAsync(CancellationToken cancellationToken)
    {
        WriteObject(ParameterSetName == ReferenceSet ? Select(Reference, FitsReference, WriteReferenceNotFound)
            : Path.Length > 0 ? SelectByPath(Path) : Engine.Mounts.List(), enumerateCollection: true);
        return Task.CompletedTask;
    }
}
