using LayerImage.Engine.IO;

namespace LayerImage.Engine.Layers;

/// <summary>Computes the tar of a tree in overlayfs's form: its DiffID, without writing the tar anywhere.</summary>
internal static class TreeTar
{
    /// <summary>Digests a tree where it lies.</summary>
    public static DigestedTree Digest(string directory, bool includeRoot, CancellationToken cancellationToken) =>
        Digest([directory], TreeWalkOptions.Plain(includeRoot), cancellationToken);

    /// <summary>Digests a tree where it lies; what was written to it lately begins to be written to the disk.</summary>
    /// <param name="layers">The tree: a directory, or several layers that are taken as one, the top one first.</param>
    /// <param name="options">What to leave out or alter.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static DigestedTree Digest(IReadOnlyList<string> layers, TreeWalkOptions options, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(Stream.Null);
        return Run(layers, options, tar, new TarSink(tar, keepsTree: true, cancellationToken), cancellationToken);
    }

    /// <summary>Digests a tree and copies it in the same pass into an empty directory.</summary>
    public static DigestedTree Copy(string directory, string destination, bool includeRoot, CancellationToken cancellationToken) =>
        Copy([directory], destination, TreeWalkOptions.Plain(includeRoot), cancellationToken);

    /// <summary>The same with options. What is copied is what the tar says.</summary>
    public static DigestedTree Copy(IReadOnlyList<string> layers, string destination, TreeWalkOptions options, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(Stream.Null);
        using CopyingTarSink sink = new(tar, destination, cancellationToken);
        return Run(layers, options, tar, sink, cancellationToken);
    }

    /// <summary>Writes a tree's tar, the same bytes each time.</summary>
    public static DigestedTree Write(string directory, bool includeRoot, Stream destination, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(destination);
        return Run([directory], TreeWalkOptions.Plain(includeRoot), tar, new TarSink(tar, keepsTree: false, cancellationToken), cancellationToken);
    }

    private static DigestedTree Run(IReadOnlyList<string> layers, TreeWalkOptions options, HashingStream tar, TarSink sink, CancellationToken cancellationToken)
    {
        LayerTreeWalker walker = new(sink, options, cancellationToken);
        walker.Walk(layers);
        sink.Finish();
        return new DigestedTree
        {
            DiffId = tar.GetDigest(),
            TarSize = tar.Count,
            ContentBytes = sink.ContentBytes,
            Entries = sink.Entries - (options.IncludeRoot ? 1 : 0),
            HasRoot = options.IncludeRoot,
            IsAltered = walker.IsAltered,
            Sockets = walker.Sockets,
        };
    }
}
