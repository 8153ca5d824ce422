using System.Security.Cryptography;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Browse;

/// <summary>
/// Layers that were inflated to read files of them: <c>cache/&lt;diffid&gt;.tar</c>, of which those used last are kept within
/// a bound. Any number of processes use it at once; a file that goes while it is read is read to its end.
/// </summary>
internal sealed class LayerCache(StoreLayout layout, long? bound)
{
    private const long MostBytes = 2L << 30;

    /// <summary>How many bytes the cache has now.</summary>
    public long Size() => Files().Sum(LengthOf);

    /// <summary>Empties it; the bytes freed.</summary>
    public long Clear() => Remove(Files());

    /// <summary>The tar of a layer, inflated at the first time; null when it does not fit in.</summary>
    /// <param name="diffId">The layer.</param>
    /// <param name="size">Bytes of its tar.</param>
    /// <param name="openTar">Opens the tar for reading forward; its digest is checked.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left of it.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>: the tar is not what the DiffID names.</exception>
    public FileStream? Open(Digest diffId, long size, Func<Stream> openTar, CancellationToken cancellationToken)
    {
        if (TryOpen(diffId, size) is FileStream known)
        {
            return known;
        }
        if (size > Bound())
        {
            return null;
        }
        using FileLock held = FileLock.AcquireAsync(layout.Lock("cache-" + diffId.Hex), $"layer {diffId.Short}", SilentObserver.Instance, cancellationToken)
            .GetAwaiter().GetResult();
        if (TryOpen(diffId, size) is FileStream other)
        {
            return other;
        }
        Evict(size);
        try
        {
            Inflate(diffId, openTar, cancellationToken);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            return null;
        }
        return TryOpen(diffId, size);
    }

    private FileStream? TryOpen(Digest diffId, long size)
    {
        string path = layout.CachedTar(diffId);
        try
        {
            FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0);
            if (file.Length != size)
            {
                file.Dispose();
                return null;
            }
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Inflate(Digest diffId, Func<Stream> openTar, CancellationToken cancellationToken)
    {
        using ScratchFolder scratch = ScratchFolder.Create(layout);
        string path = Path.Combine(scratch.Path, "tar");
        using (IncrementalHash hash = diffId.CreateHash())
        using (Stream tar = openTar())
        using (FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0))
        {
            byte[] buffer = new byte[256 << 10];
            for (int read; (read = tar.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.AppendData(buffer, 0, read);
                file.Write(buffer, 0, read);
            }
            if (!diffId.Matches(hash.GetHashAndReset()))
            {
                throw LayerFiles.Corrupt(diffId, null);
            }
        }
        // Not synced: it can be made again, and one that a power cut shortened is not taken.
        File.Move(path, layout.CachedTar(diffId), overwrite: true);
    }

    private long Bound() => bound ?? Math.Min(MostBytes, (new DriveInfo(layout.Root).AvailableFreeSpace + Size()) / 10);

    // Two processes that evict at once free too much at worst.
    private void Evict(long needed)
    {
        long left = Bound() - needed;
        foreach (FileInfo file in Files().OrderByDescending(file => file.LastWriteTimeUtc))
        {
            left -= LengthOf(file);
            if (left < 0)
            {
                Remove([file]);
            }
        }
    }

    private List<FileInfo> Files() => Directory.Exists(layout.Cache) ? [.. new DirectoryInfo(layout.Cache).EnumerateFiles("*.tar")] : [];

    // Another process may have evicted it since it was listed.
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    private static long Remove(IEnumerable<FileInfo> files)
    {
        long freed = 0;
        foreach (FileInfo file in files)
        {
            long size = LengthOf(file);
            file.Delete();
            freed += size;
        }
        return freed;
    }
}
