using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>
/// What a store holds and nobody needs. What a process at work has claimed is left alone, and so is what it holds open or
/// locked; everything is looked at once more in the transaction or under the lock in which it goes.
/// </summary>
internal sealed class StoreGarbage(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, UnionMountRecords mounts)
{
    private static readonly TimeSpan s_young = TimeSpan.FromMinutes(10);

    /// <summary>Finds it. Changes nothing; what a mount that is gone had alone is nobody's.</summary>
    public IReadOnlyList<StoreItem> Find()
    {
        List<StoreItem> found = [];
        // Files before records: what is put there meanwhile has its record by then, or is claimed.
        List<(string Path, Digest? Digest)> blobs = BlobFiles();
        List<string> folders = [.. layout.FoldersOf(database.Kinds).SelectMany(Directory.EnumerateFileSystemEntries)];
        string[] ingest = [.. Directory.EnumerateFileSystemEntries(layout.Ingest)];
        _ = mounts.ReadReleased(transaction =>
        {
            HashSet<string> claimed = ScratchFolder.ReadClaims(layout);
            List<(string Key, Digest DiffId)> unused = Reachability.UnusedLayers(transaction);
            // A view of the records begins with the first question. Of a removal that took its records away just before, the claim is there by now.
            claimed.UnionWith(ScratchFolder.ReadClaims(layout));
            foreach ((string key, Digest diffId) in unused.Where(layer => !claimed.Contains(layer.DiffId.ToString())))
            {
                found.Add(Item(StoreItemKind.Layer, diffId.ToString(), layout.Layer(key)));
            }
            // A layer that goes releases none: only who needs a layer keeps its blobs.
            foreach (string digest in Reachability.UnusedBlobs(transaction).Where(digest => !claimed.Contains(digest)))
            {
                found.Add(Item(StoreItemKind.Blob, digest, layout.Blob(Digest.Parse(digest))));
            }
            HashSet<string> known = Reachability.Directories(transaction);
            found.AddRange(folders.Where(folder => !known.Contains(Path.GetFileName(folder)) && !claimed.Contains(Path.GetFileName(folder)))
                .Select(folder => Item(StoreItemKind.Leftover, Path.GetFileName(folder), folder)));
            HashSet<string> recorded = BlobTable.List(transaction).Select(blob => blob.Digest).ToHashSet(StringComparer.Ordinal);
            found.AddRange(blobs.Where(blob => IsLeftover(blob.Path, blob.Digest, digest => recorded.Contains(digest.ToString()), claimed))
                .Select(blob => Item(StoreItemKind.Leftover, Path.GetFileName(blob.Path), blob.Path)));
            found.AddRange(ingest.Where(path => StoreEntry.Exists(path) && IsFree(path, claimed))
                .Select(path => Item(IngestKind(path), Path.GetFileName(path), path)));
            return 0;
        });
        found.AddRange(ScratchFolder.FindDead(layout).Select(path => Item(StoreItemKind.Leftover, Path.GetFileName(path), path)));
        // What frees without writing a record comes first: on a full disk there is no room for one until then.
        return [.. found.OrderByDescending(item => item.Kind)];
    }

    /// <summary>Removes one thing, if nobody needs it still.</summary>
    public bool Remove(StoreItem item) => item.Kind switch
    {
        StoreItemKind.Layer => RemoveLayer(item),
        StoreItemKind.Blob => RemoveBlob(Digest.Parse(item.Name)),
        StoreItemKind.Leftover => RemoveLeftover(item),
        _ => RemoveIngest(item),
    };

    private bool RemoveLayer(StoreItem item)
    {
        string key = Path.GetFileName(item.Path);
        using ScratchFolder claim = ScratchFolder.Claim(layout, [key]);
        bool isOurs = database.Write(transaction =>
        {
            UnionMountRecords.ReleaseLayers(transaction);
            return !ScratchFolder.ReadClaims(layout).Contains(item.Name) && Reachability.DeleteUnusedLayers(transaction, [key]).Count > 0;
        });
        if (isOurs)
        {
            FaultPoint.Reach(FaultPoint.LayerForgotten);
            layers.DeleteDirectories([(key, Digest.Parse(item.Name))]);
        }
        return isOurs;
    }

    private bool RemoveBlob(Digest digest)
    {
        bool isOurs = database.Write(transaction =>
            !ScratchFolder.ReadClaims(layout).Contains(digest.ToString()) && Reachability.DeleteUnusedBlobs(transaction, [digest.ToString()]).Count > 0);
        if (isOurs)
        {
            FaultPoint.Reach(FaultPoint.BlobForgotten);
            content.DeleteFiles([digest]);
        }
        return isOurs;
    }

    private bool RemoveLeftover(StoreItem item)
    {
        string parent = Path.GetDirectoryName(item.Path)!;
        if (parent == layout.Scratch)
        {
            StoreEntry.Remove(item.Path);
            return true;
        }
        if (parent == layout.Ingest)
        {
            return RemoveIngest(item);
        }
        if (layout.FoldersOf(database.Kinds).Contains(parent))
        {
            using ScratchFolder trash = ScratchFolder.Create(layout);
            string destination = Path.Combine(trash.Path, "left");
            StoreLeftovers.MoveOut(database, layout, item.Path, destination);
            FaultPoint.Reach(FaultPoint.LeftoverMovedOut);
            return StoreEntry.Exists(destination);
        }
        return database.Write(transaction =>
        {
            bool isOurs = IsLeftover(item.Path, DigestOf(item.Path), digest => BlobTable.Exists(transaction, digest), ScratchFolder.ReadClaims(layout));
            if (isOurs)
            {
                StoreEntry.Remove(item.Path);
            }
            return isOurs;
        });
    }

    // In a transaction, for the order of claims and records: see ScratchFolder.Claim.
    private bool RemoveIngest(StoreItem item) => database.Write(_ =>
    {
        bool isOurs = IsFree(item.Path, ScratchFolder.ReadClaims(layout));
        if (isOurs)
        {
            StoreEntry.Remove(item.Path);
        }
        return isOurs;
    });

    private List<(string Path, Digest? Digest)> BlobFiles() => [.. Directory.EnumerateDirectories(Path.Combine(layout.Content, "blobs"))
        .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder)).Select(path => (path, DigestOf(path)))];

    private static Digest? DigestOf(string path) =>
        Digest.TryParse($"{Path.GetFileName(Path.GetDirectoryName(path))}:{Path.GetFileName(path)}", out Digest digest) ? digest : null;

    // What is no blob is a temporary file; whose, it does not say, so it goes when it is old. A clock may have jumped.
    private static bool IsLeftover(string path, Digest? digest, Func<Digest, bool> isRecorded, HashSet<string> claimed) =>
        digest is Digest blob
            ? !isRecorded(blob) && !claimed.Contains(blob.ToString())
            : (DateTime.UtcNow - File.GetLastWriteTimeUtc(path)).Duration() > s_young;

    private static StoreItemKind IngestKind(string path)
    {
        if (StoreEntry.FileLength(path) is null)
        {
            return StoreItemKind.Leftover;
        }
        return path.EndsWith(".upload", StringComparison.Ordinal) ? StoreItemKind.UploadRecord : StoreItemKind.PartialDownload;
    }

    // A download is claimed by its digest and held open; an upload's record is held open.
    private static bool IsFree(string path, HashSet<string> claimed)
    {
        string hex = Path.GetFileName(path);
        if (claimed.Contains("sha256:" + hex) || claimed.Contains("sha512:" + hex))
        {
            return false;
        }
        if (StoreEntry.FileLength(path) is null)
        {
            return true; // no download: a folder, a link, a pipe
        }
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.None, 0);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static StoreItem Item(StoreItemKind kind, string name, string path) => new() { Kind = kind, Name = name, Path = path, Bytes = DiskUsage.Of(path) };
}
