using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Commit;

/// <summary>Computes the tar of a tree in overlayfs's form: its DiffID, without writing the tar anywhere.</summary>
internal static class LayerSealer
{
    /// <summary>Seals a tree where it lies.</summary>
    public static SealedLayer Seal(string directory, bool includeRoot, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(Stream.Null);
        TarSink sink = new(tar, cancellationToken);
        return Run(directory, includeRoot, tar, sink, cancellationToken);
    }

    /// <summary>Seals a tree, or what is selected of it, and copies it in the same pass into an empty directory.</summary>
    public static SealedLayer Copy(string directory, string destination, bool includeRoot, CancellationToken cancellationToken, LayerSelection? selection = null)
    {
        using HashingStream tar = new(Stream.Null);
        using CopyingTarSink sink = new(tar, destination, cancellationToken);
        return Run(directory, includeRoot, tar, sink, cancellationToken, selection);
    }

    /// <summary>Writes a sealed tree's tar, the same bytes again.</summary>
    public static SealedLayer Write(string directory, bool includeRoot, Stream destination, CancellationToken cancellationToken)
    {
        using HashingStream tar = new(destination);
        TarSink sink = new(tar, cancellationToken);
        return Run(directory, includeRoot, tar, sink, cancellationToken);
    }

    private static SealedLayer Run(string directory, bool includeRoot, HashingStream tar, TarSink sink, CancellationToken cancellationToken, LayerSelection? selection = null)
    {
        LayerTreeWalker walker = new(sink, cancellationToken, selection);
        walker.Walk(directory, includeRoot);
        sink.Finish();
        return new SealedLayer
        {
            DiffId = tar.GetDigest(),
            TarSize = tar.Count,
            ContentBytes = sink.ContentBytes,
            Entries = sink.Entries - (includeRoot ? 1 : 0),
            HasRoot = includeRoot,
            Sockets = walker.Sockets,
        };
    }
}
