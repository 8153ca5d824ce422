using LayerImage.Engine.IO;

namespace LayerImage.Engine.Layers;

/// <summary>Computes the tar of a tree in overlayfs's form: its DiffID, without writing the tar anywhere.</summary>
internal static class LayerSealer
{
    /// <summary>Seals a tree where it lies.</summary>
    public static SealedLayer Seal(string directory, bool includeRoot, CancellationToken cancellationToken) =>
        Seal([directory], TreeWalkOptions.Plain(includeRoot), cancellationToken);

    /// <summary>Seals a tree where it lies; what was written to it lately begins to be written to the disk.</summary>
    /// <param name="layers">The tree: a directory, or several layers that are taken as one, the top one first.</param>
    /// <param name="options">What to leave out or alter.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static SealedLayer Seal(IReadOnlyList<string> layers, TreeWalkOptions options, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(Stream.Null);
        return Run(layers, options, tar, new TarSink(tar, keepsTree: true, cancellationToken), cancellationToken);
    }

    /// <summary>Seals a tree and copies it in the same pass into an empty directory.</summary>
    public static SealedLayer Copy(string directory, string destination, bool includeRoot, CancellationToken cancellationToken) =>
        Copy([directory], destination, TreeWalkOptions.Plain(includeRoot), cancellationToken);

    /// <summary>The same with options. What is copied is what the tar says.</summary>
    public static SealedLayer Copy(IReadOnlyList<string> layers, string destination, TreeWalkOptions options, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(Stream.Null);
        using CopyingTarSink sink = new(tar, destination, cancellationToken);
        return Run(layers, options, tar, sink, cancellationToken);
    }

    /// <summary>Writes a sealed tree's tar, the same bytes again.</summary>
    public static SealedLayer Write(string directory, bool includeRoot, Stream destination, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(destination);
        return Run([directory], TreeWalkOptions.Plain(includeRoot), tar, new TarSink(tar, keepsTree: false, cancellationToken), cancellationToken);
    }

    private static SealedLayer Run(IReadOnlyList<string> layers, TreeWalkOptions options, HashingStream tar, TarSink sink, CancellationToken cancellationToken)
    {
        LayerTreeWalker walker = new(sink, options, cancellationToken);
        walker.Walk(layers);
        sink.Finish();
        return new SealedLayer
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
