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
    public static (LayerIndexEntry Root, long Size) ReadTar(Stream tar, IncrementalHash hash, CancellationToken cancellationToken)
    {
        using Input input = new(tar, hash, cancellationToken);
        TarReader reader = new(input);
        LayerIndexBuilder builder = new();
        long header = 0;
        try
        {
            while (reader.Next() is TarEntry entry)
            {
                builder.Add(entry, entry.Sparse is null ? input.Count : header);
                header = input.Count + reader.BytesToNextEntry;
            }
            builder.Finish();
            byte[] rest = new byte[64 << 10];
            while (input.Read(rest) > 0)
            {
            }
        }
        catch (OverflowException e)
        {
            throw TarHeader.Malformed($"a number is out of range ({e.Message})");
        }
        return (builder.Root, input.Count);
    }

    /// <summary>The tree of an unpacked layer, in overlayfs's form. Linux only, and only for who may read it.</summary>
    public static LayerIndexEntry ReadDirectory(string directory, bool hasRoot, CancellationToken cancellationToken)
    {
        Sink sink = new();
        new LayerTreeWalker(sink, TreeWalkOptions.Plain(hasRoot), cancellationToken).Walk([directory]);
        sink.Builder.Finish();
        return sink.Builder.Root;
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

    private sealed class Sink : ITreeSink
    {
        public LayerIndexBuilder Builder { get; } = new();

        public void Entry(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status) => Builder.Add(entry, -1);

        public void File(SafeFileHandle parent, NativePath name, TarEntry entry, in FileStatus status, SafeFileHandle data) => Builder.Add(entry, -1);

        public void Whiteout(SafeFileHandle parent, NativePath name, TarEntry entry) => Builder.Add(entry, -1);

        public void Opaque(TarEntry entry) => Builder.Add(entry, -1);

        public void Enter(NativePath name)
        {
        }

        public void Leave(SafeFileHandle directory)
        {
        }
    }
}
