using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Reads what an index is made of, once and forward: a layer's tar, or its unpacked directory.</summary>
internal static class LayerIndexing
{
    /// <summary>The tree of a tar.</summary>
    /// <param name="tar">The uncompressed tar; it is read to its end, since what follows the archive belongs to its digest.</param>
    /// <param name="hash">Takes every byte.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The root and the tar's length in bytes.</returns>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerInvalid"/> or <see cref="EngineError.LayerTooLarge"/>.</exception>
    public static (LayerEntry Root, long Size) ReadTar(Stream tar, IncrementalHash hash, CancellationToken cancellationToken)
    {
        using Input input = new(tar, hash, cancellationToken);
        TarReader reader = new(input);
        MemoryTarget target = new();
        using LayerInterpreter<LayerEntry> layer = new(target);
        long header = 0;
        try
        {
            while (reader.Next() is TarEntry entry)
            {
                target.TarOffset = entry.Sparse is null ? input.Count : header;
                layer.Apply(entry);
                header = input.Count + reader.BytesToNextEntry;
            }
            layer.Finish();
            byte[] rest = new byte[64 << 10];
            while (input.Read(rest) > 0)
            {
            }
        }
        catch (OverflowException e)
        {
            throw TarHeader.Malformed($"a number is out of range ({e.Message})");
        }
        return (target.Root, input.Count);
    }

    /// <summary>The tree of an unpacked layer, in overlayfs's form. Linux only, and only for who may read it.</summary>
    public static LayerEntry ReadDirectory(string directory, bool hasRoot, CancellationToken cancellationToken)
    {
        MemoryTarget target = new();
        using LayerInterpreter<LayerEntry> layer = new(target);
        new LayerTreeWalker(new Sink(layer), TreeWalkOptions.Plain(hasRoot), cancellationToken).Walk([directory]);
        layer.Finish();
        return target.Root;
    }

    private sealed class Input(Stream inner, IncrementalHash hash, CancellationToken cancellationToken) : ReadOnlyStream
    {
        public long Count { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = inner.Read(buffer);
            hash.AppendData(buffer[..read]);
            Count += read;
            return read;
        }
    }

    private sealed class Sink(LayerInterpreter<LayerEntry> layer) : ITreeSink
    {
        public void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status) => layer.Apply(entry);

        public void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data) => layer.Apply(entry);

        public void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry) => layer.Apply(entry);

        public void Opaque(TarEntry entry) => layer.Apply(entry);

        public void Enter(NativePath name)
        {
        }

        public void Leave(SafeFileHandle directory)
        {
        }
    }
}
