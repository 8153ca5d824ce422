using LayerImage.Engine.Containers;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Commit;

/// <summary>
/// Reads a container's changes once, to be a layer. The upper directory of one that does not run is read where it lies and
/// becomes the layer afterwards, if the tar says all that is in it; else it is copied in the same pass.
/// </summary>
internal sealed class ChangeReader(StoreLayout layout, ContainerFiles files)
{
    // What every kernel mounts (docs/design/layers.md), and less than the 127 layers that docker takes.
    private const int MostLayers = 120;
    private static readonly NativePath s_root = default;

    /// <summary>Reads them. The caller holds the container's lock.</summary>
    /// <param name="id">The container.</param>
    /// <param name="stack">Its layers.</param>
    /// <param name="wanted">
    /// Times to clamp and what to leave out: all of the container's changes are then one new layer, those of earlier
    /// commits too. The root directory is asked for with an empty path.
    /// </param>
    /// <param name="mode">How it may be read.</param>
    /// <param name="copy">An empty directory for a copy.</param>
    /// <param name="cancellationToken">Ends it; the container goes on.</param>
    public async Task<CapturedChanges> ReadAsync(
        string id,
        ContainerStack stack,
        TreeWalkOptions wanted,
        CaptureMode mode,
        string copy,
        CancellationToken cancellationToken)
    {
        bool isPlain = wanted.LatestTime is null && wanted.LeavesOut is null && !wanted.IsWhole && stack.All.Count < MostLayers;
        if (isPlain && mode.IsStopped && !IsMounted(id))
        {
            IReadOnlyList<string> upper = [layout.Upper(id)];
            DigestedTree DigestUpper()
            {
                TreeWalkOptions options = Options(id, stack.All, wanted, upper) with { StopsWhenAltered = true };
                return TreeTar.Digest(upper, options, cancellationToken);
            }
            DigestedTree there = await Task.Run(DigestUpper, cancellationToken).ConfigureAwait(false);
            if (!there.IsAltered)
            {
                return Result(there, layout.Upper(id), isUpper: true, stack, stack.All);
            }
        }
        IReadOnlyList<string> changed = isPlain ? [layout.Upper(id)] : files.ChangedDirs(id, stack);
        IReadOnlyList<string> below = isPlain ? stack.All : wanted.IsWhole ? [] : stack.Image;
        if (wanted.IsWhole)
        {
            changed = [.. changed, .. files.LowerDirs(stack.Image)];
        }
        IAsyncDisposable? pause = mode.PauseAsync is null ? null : await mode.PauseAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            DigestedTree layer = await Task.Run(CopyChanged, cancellationToken).ConfigureAwait(false);
            return Result(layer, copy, isUpper: false, stack, below);
        }
        finally
        {
            if (pause is not null)
            {
                await pause.DisposeAsync().ConfigureAwait(false);
            }
        }

        DigestedTree CopyChanged()
        {
            TreeWalkOptions options = Options(id, below, wanted, changed) with { MayChange = !mode.IsConsistent };
            return TreeTar.Copy(changed, copy, options, cancellationToken);
        }
    }

    private static CapturedChanges Result(DigestedTree layer, string directory, bool isUpper, ContainerStack stack, IReadOnlyList<string> below) => new()
    {
        Layer = layer.Entries == 0 && !layer.HasRoot ? null : layer,
        Directory = directory,
        IsUpper = isUpper,
        Below = below,
        History = below.Count != stack.Image.Count ? [.. stack.Own.Select(own => own.History)] : [],
        Sockets = layer.Sockets,
    };

    private TreeWalkOptions Options(string id, IReadOnlyList<string> below, TreeWalkOptions wanted, IReadOnlyList<string> changed) => wanted with
    {
        IncludeRoot = wanted.LeavesOut?.Invoke(s_root) != true && (wanted.IsWhole || IsRootChanged(id, below, changed)),
        LowerDirs = files.LowerDirs(below),
    };

    // Whether the root directory itself looks different. Its time alone is no change where nothing else is one.
    private bool IsRootChanged(string id, IReadOnlyList<string> below, IReadOnlyList<string> changed)
    {
        using SafeFileHandle upper = Libc.OpenDirectory(layout.Upper(id)), lower = Libc.OpenDirectory(files.RootOf(below));
        FileStatus now = Libc.Stat(upper), before = Libc.Stat(lower);
        if ((now.Permissions, now.Uid, now.Gid) != (before.Permissions, before.Uid, before.Gid) || !XAttrs(upper).SequenceEqual(XAttrs(lower)))
        {
            return true;
        }
        bool isTouched = (now.ModifiedSeconds, now.ModifiedNanoseconds) != (before.ModifiedSeconds, before.ModifiedNanoseconds);
        return isTouched && changed.Any(layer => Directory.EnumerateFileSystemEntries(layer).Any());
    }

    private static IEnumerable<string> XAttrs(SafeFileHandle directory) =>
        LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(directory, NativePath.From("."u8))).Select(Text);

    private static string Text(XAttr attribute) => $"{attribute.Name}={Convert.ToHexString(attribute.Value)}";

    // By somebody else than the engine, or an end that nobody has dealt with.
    private bool IsMounted(string id) => MountInfo.Read().Any(mount => mount.MountPoint == layout.Merged(id));
}
