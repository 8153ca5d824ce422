using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Content;

/// <summary>
/// Blobs by digest: <c>content/blobs/sha256/…</c>, exactly as received and never changed. A blob is in the store when
/// a record says so; the file comes first, the record after. All operations are idempotent.
/// </summary>
internal sealed class ContentStore(StoreLayout layout, StoreDatabase database)
{
    /// <summary>Whether a blob is here: recorded, and its file in place with as many bytes.</summary>
    public bool Has(Digest digest) =>
        database.Read(transaction => BlobTable.SizeOf(transaction, digest)) is long size && StoreEntry.FileLength(layout.Blob(digest)) == size;

    /// <summary>The bytes of a small blob.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>: it is missing or damaged.</exception>
    public byte[] Read(Digest digest)
    {
        byte[] bytes;
        ThrowIfNoFile(digest);
        try
        {
            bytes = File.ReadAllBytes(layout.Blob(digest));
        }
        catch (IOException e)
        {
            throw Corrupt(digest, e);
        }
        using System.Security.Cryptography.IncrementalHash hash = digest.CreateHash();
        hash.AppendData(bytes);
        return digest.Matches(hash.GetCurrentHash()) ? bytes : throw Corrupt(digest, null);
    }

    /// <summary>The file of a blob.</summary>
    public string PathOf(Digest digest) => layout.Blob(digest);

    /// <summary>Opens a blob for reading. The caller checks what it reads.</summary>
    public FileStream Open(Digest digest)
    {
        ThrowIfNoFile(digest);
        try
        {
            return new FileStream(layout.Blob(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        }
        catch (IOException e)
        {
            throw Corrupt(digest, e);
        }
    }

    /// <summary>Reads a whole blob and checks it.</summary>
    /// <param name="digest">The blob.</param>
    /// <param name="read">Told the bytes read so far, which are in the file, whatever they are.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="LayerImageException"><see cref="EngineError.LayerCorrupt"/>: it is missing or damaged.</exception>
    public void Verify(Digest digest, Action<long> read, CancellationToken cancellationToken)
    {
        using FileStream blob = Open(digest);
        using System.Security.Cryptography.IncrementalHash hash = digest.CreateHash();
        byte[] buffer = new byte[256 << 10];
        long done = 0;
        for (int count; (count = blob.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
            read(done += count);
        }
        if (!digest.Matches(hash.GetCurrentHash()))
        {
            throw Corrupt(digest, null);
        }
    }

    /// <summary>Stores a small blob and returns its digest. The record is written by the caller's transaction: see <see cref="BlobTable.Record"/>.</summary>
    public Digest Put(byte[] bytes)
    {
        Digest digest = Digest.Of(bytes);
        Put(bytes, digest);
        return digest;
    }

    /// <summary>Stores a small blob whose digest has been checked.</summary>
    public void Put(byte[] bytes, Digest digest)
    {
        string path = layout.Blob(digest);
        // One that was damaged meanwhile is written again: nothing else would bring that of an import back.
        if (!IsSame(path, bytes))
        {
            StoreEntry.MakeWayForFile(path);
            AtomicFile.Write(path, bytes);
        }
    }

    /// <summary>
    /// Gives a received and checked file its place, in the transaction that records it: files are deleted in one, too,
    /// so that nobody deletes what another has just put there. Its content must be synced before. When the transaction
    /// is not committed after all, the file comes back.
    /// </summary>
    public void Adopt(StoreTransaction transaction, string file, Digest digest)
    {
        StoreEntry.MakeWayForFile(layout.Blob(digest));
        transaction.IfUndone(() => PutBack(file, digest));
        AtomicFile.Publish(file, layout.Blob(digest));
    }

    /// <summary>Waits until a received file is on the disk, if it is there.</summary>
    public static void Sync(string file)
    {
        if (File.Exists(file))
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        }
    }

    /// <summary>Syncs a received and checked file, gives it its place and records it.</summary>
    public void AdoptReceived(string file, Digest digest, long size)
    {
        Sync(file);
        database.Write(transaction =>
        {
            Adopt(transaction, file, digest);
            FaultPoint.Reach(FaultPoint.BlobPlaced);
            BlobTable.Record(transaction, digest, size);
        });
        FaultPoint.Reach(FaultPoint.BlobRecorded);
    }

    /// <summary>A blob that is here and unpacks to a layer, the smallest; null when there is none.</summary>
    public Descriptor? FindLayer(Digest diffId) => database.Read(transaction => FindLayer(transaction, diffId));

    /// <summary>A blob that is here and unpacks to a layer, the smallest, as a transaction sees it; null when there is none.</summary>
    public Descriptor? FindLayer(StoreTransaction transaction, Digest diffId) =>
        LayerBlobTable.RecordedBlobsOf(transaction, diffId.ToString()).Find(blob => StoreEntry.FileLength(layout.Blob(blob.Digest)) == blob.Size);

    /// <summary>
    /// After records could not be written: the documents that were put for them go again, but for what somebody else has or
    /// is about to record. What cannot go now is garbage.
    /// </summary>
    public void Withdraw(ScratchFolder claim, IEnumerable<Digest> digests)
    {
        claim.Release();
        try
        {
            database.Write(transaction =>
            {
                HashSet<string> claimed = ScratchFolder.ReadClaims(layout);
                foreach (Digest digest in digests.Where(digest => !BlobTable.Exists(transaction, digest) && !claimed.Contains(digest.ToString())))
                {
                    StoreEntry.Remove(layout.Blob(digest));
                }
            });
        }
        catch (LayerImageException)
        {
            // The first failure is the one to tell.
        }
    }

    /// <summary>Deletes the files of blobs that have no record. The records went first; another process may have received one again meanwhile.</summary>
    public void DeleteFiles(IEnumerable<Digest> digests)
    {
        foreach (Digest digest in digests)
        {
            database.Write(transaction =>
            {
                if (!BlobTable.Exists(transaction, digest))
                {
                    StoreEntry.Remove(layout.Blob(digest));
                    FaultPoint.Reach(FaultPoint.BlobDeleting);
                }
            });
        }
    }

    // Unless somebody else has recorded it since.
    private void PutBack(string file, Digest digest)
    {
        try
        {
            database.Write(transaction =>
            {
                if (!BlobTable.Exists(transaction, digest) && !File.Exists(file) && StoreEntry.FileLength(layout.Blob(digest)) is not null)
                {
                    File.Move(layout.Blob(digest), file);
                }
            });
        }
        catch (Exception e) when (e is LayerImageException or IOException)
        {
            // The first failure is the one to tell; what is left is garbage.
        }
    }

    // To open a pipe would wait for ever, and a link leads elsewhere.
    private void ThrowIfNoFile(Digest digest)
    {
        if (StoreEntry.FileLength(layout.Blob(digest)) is null)
        {
            throw Corrupt(digest, null);
        }
    }

    private static bool IsSame(string path, byte[] bytes)
    {
        try
        {
            return StoreEntry.FileLength(path) == bytes.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes);
        }
        catch (IOException)
        {
            return false; // the disk cannot give it back
        }
    }

    /// <summary>What is in the store is not what it was.</summary>
    internal static LayerImageException Corrupt(Digest digest, Exception? inner) =>
        new(EngineError.LayerCorrupt, $"The blob {digest} is missing or damaged in the store.", inner)
        { Target = digest.ToString(), Advice = "Repair-LayerStore receives it again from where it came; else receive or import the image again." };
}
