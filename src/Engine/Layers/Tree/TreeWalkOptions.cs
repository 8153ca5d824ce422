using LayerImage.Engine.Interop;

namespace LayerImage.Engine.Layers;

/// <summary>What a walk over a tree leaves out or alters.</summary>
internal sealed record TreeWalkOptions
{
    /// <summary>Announces the root directory itself, too.</summary>
    public bool IncludeRoot { get; init; }

    /// <summary>Times after this are taken for it; null for all as they are.</summary>
    public DateTimeOffset? LatestTime { get; init; }

    /// <summary>
    /// Whether to leave out what has this path (relative, without slashes at its ends), a directory with all that is in
    /// it. A deleted name is asked for by its own path.
    /// </summary>
    public Func<NativePath, bool>? LeavesOut { get; init; }

    /// <summary>Chosen changes, of which it takes the deletions; null where deletions are as the tree has them.</summary>
    public LayerSelection? Selection { get; init; }

    /// <summary>
    /// The layers below the tree, the top one first: a socket cannot be in a layer, and what has its name below must
    /// not appear in its place. Empty where the tree stands on nothing.
    /// </summary>
    public IReadOnlyList<string> LowerDirs { get; init; } = [];

    /// <summary>The tree stands on nothing: it has what is there, and no deletions.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Ends the walk at the first thing that the tree has and the tar would not: see <see cref="LayerTreeWalker.IsAltered"/>.</summary>
    public bool StopsWhenAltered { get; init; }

    /// <summary>Files may come and go while they are read.</summary>
    public bool MayChange { get; init; }

    /// <summary>The options of a plain walk.</summary>
    public static TreeWalkOptions Plain(bool includeRoot) => new() { IncludeRoot = includeRoot };
}
