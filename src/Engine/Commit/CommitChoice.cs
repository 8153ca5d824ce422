using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Commit;

/// <summary>
/// Which changes of a container become a layer. A choice is one of changes, by their paths, and so independent of how
/// overlayfs keeps them: a directory that was replaced is a deletion for each name that it lost.
/// </summary>
internal sealed class CommitChoice(ContainerFiles files)
{
    /// <summary>How to walk over the changes. What was chosen and is no change any more is told.</summary>
    public TreeWalkOptions Make(
        ContainerRecord container,
        ContainerStack stack,
        CommitOptions options,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        TreeWalkOptions all = new() { LatestTime = options.Timestamp, IsWhole = options.Squash };
        if (options.Only is null && options.Excludes is null)
        {
            return all;
        }
        LayerStack image = files.ImageTree(container.Spec.Image, stack), own = files.Tree(container.Id, container.Name, stack);
        List<LayerChange> changes = [.. image.CompareTo(own, new LayerCompareOptions { Content = ContentComparison.WhenUnsure }, cancellationToken)];
        if (options.Only is not null)
        {
            string[] gone = [.. options.Only.Except(changes.Select(change => change.Path)).Order(StringComparer.Ordinal)];
            if (gone.Length > 0)
            {
                observer.Warning($"{gone[0]}{(gone.Length > 1 ? $" and {gone.Length - 1} more" : "")} of the chosen changes: not there any more.");
            }
        }
        LayerSelection selection =
            LayerSelection.Of(changes.Where(change => (options.Only?.Contains(change.Path) ?? true) && !IsExcluded(change.Path, options.Excludes)));
        return all with { Selection = selection, LeavesOut = path => !selection.Includes(path) };
    }

    // A path is left out with all that is beneath it. All parents are asked for: who asks may count what fits.
    private static bool IsExcluded(string path, Func<string, bool>? excludes)
    {
        bool isExcluded = false;
        for (int end = path.Length; excludes is not null && end > 0; end = path.LastIndexOf('/', end - 1))
        {
            isExcluded |= excludes(path[..end]);
        }
        return isExcluded;
    }
}
