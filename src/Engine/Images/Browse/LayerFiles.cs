using System.Collections.Concurrent;
using System.Security.Cryptography;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// What is in a layer, and the content of its files, whether it is unpacked or not. The index of a layer is made once, of
/// its unpacked directory or of its blob, and kept in <c>index/</c>; a damaged one is made again.
/// </summary>
internal sealed class LayerFiles(StoreLayout layout, LayerStore layers, ContentStore content, LayerCache cache)
{
    private readonly ConcurrentDictionary<Digest, LayerIndex> _open = new();
    private readonly IndexCache _blocks = new();

    /// <summary>Opens the index of a layer's names.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>, <see cref="EngineError.LayerInvalid"/> or
    /// <see cref="EngineError.LayerTooLarge"/>.</exception>
    public LayerIndex Open(LayerOrigin layer, CancellationToken cancellationToken) => Open(layer, withOffsets: false, cancellationToken);

    /// <summary>The content of a file of a layer, to be read forward.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>: it is not in the store any more.</exception>
    public Stream OpenContent(LayerOrigin layer, LayerNode file, CancellationToken cancellationToken)
    {
        if (Unpacked(layer) is string directory && LiveLayer.OpenFile(directory, file) is SafeFileHandle handle)
        {
            return new FileStream(handle, FileAccess.Read, 1);
        }
        LayerIndex index = Open(layer, withOffsets: true, cancellationToken);
        LayerNode node = file.TarOffset >= 0 ? file : index.FindPath(file.Path) ?? throw Corrupt(layer.DiffId, null);
        try
        {
            Stream tar = OpenTarAt(layer.DiffId, index.TarSize, node.TarOffset, out IDisposable? owner, cancellationToken);
            return node.IsSparse ? new TarPart(new SparseContent(tar), node.Attributes.Size, owner) : new TarPart(tar, node.Attributes.Size, owner);
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw Corrupt(layer.DiffId, e);
        }
    }

    public static LayerImageException Corrupt(Digest diffId, Exception? inner) =>
        new(EngineError.LayerCorrupt, $"The layer {diffId} is missing or damaged in the store.", inner)
        { Target = diffId.ToString(), Advice = "Repair-LayerStore receives it again from where it came; else receive or import the image again." };

    private LayerIndex Open(LayerOrigin layer, bool withOffsets, CancellationToken cancellationToken)
    {
        string path = layout.Index(layer.DiffId);
        if (_open.TryGetValue(layer.DiffId, out LayerIndex? known) && (known.HasOffsets || !withOffsets) && File.Exists(path))
        {
            return known;
        }
        LayerIndex? index = LayerIndex.Open(path, _blocks);
        if (index is null || (withOffsets && !index.HasOffsets))
        {
            index = Make(layer, withOffsets, cancellationToken);
        }
        return _open[layer.DiffId] = index;
    }

    private LayerIndex Make(LayerOrigin layer, bool withOffsets, CancellationToken cancellationToken)
    {
        string path = layout.Index(layer.DiffId);
        using FileLock held = FileLock.AcquireAsync(
            layout.Lock("index-" + layer.DiffId.Hex),
            $"the index of layer {layer.DiffId.Short}",
            SilentObserver.Instance,
            cancellationToken)
            .GetAwaiter().GetResult();
        if (LayerIndex.Open(path, _blocks) is LayerIndex made && (made.HasOffsets || !withOffsets))
        {
            return made; // another process was first
        }
        (LayerEntry root, long tarSize) = Read(layer, withOffsets, cancellationToken);
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string temporary = Path.Combine(scratch.Path, "index");
        try
        {
            using (FileStream file = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
            {
                LayerIndexWriter.Write(file, root, tarSize, cancellationToken);
            }
            // Not synced: it can be made again, and one that a power cut damaged is not taken.
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw DiskFull.ToError(e, path);
        }
        return LayerIndex.Open(path, _blocks) ?? throw Corrupt(layer.DiffId, null);
    }

    private (LayerEntry Root, long TarSize) Read(LayerOrigin layer, bool withOffsets, CancellationToken cancellationToken)
    {
        string? directory = Unpacked(layer);
        Descriptor? blob = content.FindLayer(layer.DiffId);
        // What a layer took from those below it when it was unpacked is not in its tar, and may look otherwise over others.
        if (directory is not null && (blob is null || (!withOffsets && !layers.Get([layer.Key!])[0].HasImplied)))
        {
            return (LayerIndexing.ReadDirectory(directory, layers.Get([layer.Key!])[0].HasRoot, cancellationToken), 0);
        }
        try
        {
            using IncrementalHash hash = layer.DiffId.CreateHash();
            using FileStream file = content.Open((blob ?? throw Corrupt(layer.DiffId, null)).Digest);
            using Stream tar = Decompression.Open(file, out _);
            (LayerEntry Root, long Size) read = LayerIndexing.ReadTar(tar, hash, cancellationToken);
            return layer.DiffId.Matches(hash.GetHashAndReset()) ? read : throw Corrupt(layer.DiffId, null);
        }
        catch (Exception e) when (Decompression.IsMalformed(e))
        {
            throw Corrupt(layer.DiffId, e);
        }
    }

    // The blob itself when it is a plain tar; the inflated one where it fits; else from the blob's beginning each time.
    private Stream OpenTarAt(Digest diffId, long size, long offset, out IDisposable? owner, CancellationToken cancellationToken)
    {
        Descriptor blob = content.FindLayer(diffId) ?? throw Corrupt(diffId, null);
        FileStream file = content.Open(blob.Digest);
        try
        {
            owner = file;
            Stream tar = Decompression.Open(file, out LayerCompression compression);
            if (compression == LayerCompression.None)
            {
                file.Position = offset;
                return file;
            }
            tar.Dispose();
            if (cache.Open(diffId, size, () => Decompression.Open(Rewind(file), out _), cancellationToken) is FileStream inflated)
            {
                file.Dispose();
                owner = null;
                inflated.Position = offset;
                return inflated;
            }
            tar = Decompression.Open(Rewind(file), out _);
            TarPart.Skip(tar, offset, cancellationToken);
            return tar;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FileStream Rewind(FileStream file)
    {
        file.Position = 0;
        return file;
    }

    private string? Unpacked(LayerOrigin layer) =>
        layer.Key is not null && LayerMaker.CanUnpack && Directory.Exists(layers.PathOf(layer.Key)) ? layers.PathOf(layer.Key) : null;
}
