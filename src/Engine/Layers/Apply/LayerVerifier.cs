using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Compares an unpacked layer with its tar: names, types, content, modes, owners, times, extended attributes, devices,
/// links, whiteouts and opaque directories. The tar is read once, a file's content is compared as it goes by; what it
/// describes is kept and the directory is walked by it at the end.
/// </summary>
internal sealed class LayerVerifier : IDisposable
{
    private readonly SafeFileHandle _root;
    private readonly BeneathRoot _directories;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<LayerEntry, byte[]?> _otherContent = []; // of files that did not compare equal: the SHA-256, where that may tell more
    private readonly byte[] _wanted = new byte[256 << 10];
    private readonly byte[] _found = new byte[256 << 10];

    private LayerVerifier(string directory, CancellationToken cancellationToken)
    {
        _root = Libc.OpenDirectory(directory);
        _directories = new BeneathRoot(_root);
        _cancellationToken = cancellationToken;
    }

    /// <summary>Compares; what differs, at most so many things.</summary>
    /// <param name="tar">The layer's tar.</param>
    /// <param name="directory">Its unpacked form.</param>
    /// <param name="lowerDirs">The layers below, the top one first: directories that the tar does not describe look as theirs.</param>
    /// <param name="most">After how many differences the comparison ends.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static IReadOnlyList<LayerDifference> Verify(Stream tar, string directory, IReadOnlyList<string> lowerDirs, int most, CancellationToken cancellationToken)
    {
        using LayerVerifier verifier = new(directory, cancellationToken);
        MemoryTarget tree = new("checked", keepsValues: true);
        using LayerInterpreter<LayerEntry> layer = new(tree);
        TarReader reader = new(tar);
        while (reader.Next() is TarEntry entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layer.Apply(entry);
            if (tree.TakeFile() is LayerEntry file)
            {
                verifier.CompareContent(reader, entry, file);
            }
        }
        layer.Finish();
        IReadOnlyList<LayerDifference> differences = new DiskAgainstTar(verifier._otherContent, most, cancellationToken).Compare(verifier._root, tree.Root);
        return differences.Count > 0 || lowerDirs.Count == 0 ? differences : [.. ImpliedDirectories.Compare(directory, [.. tree.Implied], lowerDirs).Take(most)];
    }

    public void Dispose()
    {
        _directories.Dispose();
        _root.Dispose();
    }

    private void CompareContent(TarReader reader, TarEntry entry, LayerEntry node)
    {
        using SafeFileHandle? file = TryOpen(LayerPath.Parse(entry.Name), entry.Attributes.Size);
        if (file is null)
        {
            _otherContent[node] = entry.Sparse is null ? HashRest(reader, null, 0) : null;
            return;
        }
        long offset = 0;
        foreach (SparseExtent extent in entry.Sparse ?? [new SparseExtent(0, entry.Attributes.Size)])
        {
            if (!IsZero(file, offset, extent.Offset))
            {
                _otherContent[node] = null;
                return;
            }
            offset = extent.Offset;
            for (long end = extent.Offset + extent.Length; offset < end;)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                Span<byte> wanted = _wanted.AsSpan(0, (int)Math.Min(_wanted.Length, end - offset));
                int count = reader.ReadData(wanted);
                if (!Fill(file, _found.AsSpan(0, count), offset).SequenceEqual(wanted[..count]))
                {
                    _otherContent[node] = entry.Sparse is null ? HashRest(reader, file, offset, wanted[..count]) : null;
                    return;
                }
                offset += count;
            }
        }
        if (!IsZero(file, offset, entry.Attributes.Size))
        {
            _otherContent[node] = null;
        }
    }

    // What is under this name now may not be this entry's: a later one may take its place, while another name keeps the file.
    // So a content that differs is hashed, and who stands there at the end is measured by that.
    private byte[] HashRest(TarReader reader, SafeFileHandle? file, long same, ReadOnlySpan<byte> first = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long offset = 0; offset < same;)
        {
            ReadOnlySpan<byte> piece = Fill(file!, _found.AsSpan(0, (int)Math.Min(_found.Length, same - offset)), offset);
            hash.AppendData(piece);
            offset += piece.Length;
        }
        hash.AppendData(first);
        for (int read; (read = reader.ReadData(_wanted)) > 0;)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(_wanted.AsSpan(0, read));
        }
        return hash.GetHashAndReset();
    }

    private SafeFileHandle? TryOpen(LayerPath path, long size)
    {
        try
        {
            if (_directories.Open(path.Parent) is not SafeFileHandle parent || RegularFile.TryOpen(parent, path.Name, out FileStatus status) is not SafeFileHandle file)
            {
                return null;
            }
            if ((long)status.Size == size)
            {
                return file;
            }
            file.Dispose();
            return null;
        }
        catch (LayerImageException e) when (e.Error == EngineError.LayerInvalid || e is LinuxException)
        {
            return null; // what is on its way is not a directory any more
        }
    }

    private bool IsZero(SafeFileHandle file, long from, long to)
    {
        while (from < to && Libc.NextData(file, from) is long data && data < to)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> piece = Fill(file, _found.AsSpan(0, (int)Math.Min(_found.Length, to - data)), data);
            if (piece.ContainsAnyExcept((byte)0))
            {
                return false;
            }
            from = data + Math.Max(1, piece.Length);
        }
        return true;
    }

    // Less than asked for only at the file's end.
    private static ReadOnlySpan<byte> Fill(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        int done = 0;
        for (int read; done < buffer.Length && (read = RandomAccess.Read(file, buffer[done..], offset + done)) > 0; done += read)
        {
        }
        return buffer[..done];
    }
}
