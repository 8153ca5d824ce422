using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Maintenance;

/// <summary>
/// The quick check: records against records, records against files, files against records. Every issue is looked at
/// once more, since other processes may be at work.
/// </summary>
internal sealed class StoreRecordCheck(StoreLayout layout, StoreDatabase database, StoreGarbage garbage, bool canUnpack)
{
    private const int Looks = 3;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Checks; what is wrong.</summary>
    public async Task<IReadOnlyList<IntegrityIssue>> CheckAsync(CancellationToken cancellationToken)
    {
        List<IntegrityIssue> issues;
        try
        {
            issues = await Task.Run(Look, cancellationToken).ConfigureAwait(false);
        }
        catch (LayerImageException e) when (e.Error == EngineError.StoreNotSupported)
        {
            return [RecordsDamaged(e.Message)]; // nothing else can be told
        }
        for (int look = 1; look < Looks && issues.Count > 0; look++)
        {
            // A thing that another process has just made or is removing looks right later.
            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
            List<IntegrityIssue> again = await Task.Run(Look, cancellationToken).ConfigureAwait(false);
            issues.RemoveAll(issue => !again.Any(same => same.Kind == issue.Kind && same.Path == issue.Path && same.Digest == issue.Digest));
        }
        return issues;
    }

    private List<IntegrityIssue> Look()
    {
        List<IntegrityIssue> issues = [.. garbage.Find().Where(item => item.Kind == StoreItemKind.Leftover).Select(Leftover)];
        HashSet<string> named = new(StringComparer.Ordinal);
        database.Read(transaction =>
        {
            CheckDatabase(transaction, issues);
            foreach ((string digest, long size, bool isRecorded) in Reachability.RequiredBlobs(transaction))
            {
                CheckBlob(transaction, digest, size, isRecorded, issues);
                named.Add(layout.Blob(Digest.Parse(digest)));
            }
            foreach ((string key, string diffId, bool isRecorded) in Reachability.RequiredLayers(transaction))
            {
                CheckLayer(transaction, key, diffId, isRecorded, issues);
                named.Add(layout.Layer(key));
            }
            CheckContainers(transaction, issues);
            CheckImages(transaction, issues);
            return 0;
        });
        // A file without a record that an image names is not a leftover but a loss of its record.
        issues.RemoveAll(issue => issue.Kind == IntegrityIssueKind.Leftover && named.Contains(issue.Path));
        return issues;
    }

    private void CheckDatabase(StoreTransaction transaction, List<IntegrityIssue> issues)
    {
        List<string> found = transaction.FindDamage();
        if (found.Count > 0)
        {
            issues.Add(RecordsDamaged($"The records are damaged: {string.Join("; ", found)}."));
        }
    }

    private IntegrityIssue RecordsDamaged(string message) =>
        new() { Kind = IntegrityIssueKind.RecordsDamaged, Path = layout.Database, Message = message, IsRepairable = database.CanBeRewritten() };

    private void CheckBlob(StoreTransaction transaction, string digest, long size, bool isRecorded, List<IntegrityIssue> issues)
    {
        string path = layout.Blob(Digest.Parse(digest));
        (IntegrityIssueKind Kind, string What)? wrong = (StoreEntry.FileLength(path), isRecorded) switch
        {
            (null, _) => StoreEntry.Exists(path) ? (IntegrityIssueKind.BlobDamaged, "is not a file any more") : (IntegrityIssueKind.BlobMissing, "is missing"),
            (not null, false) => (IntegrityIssueKind.BlobNotRecorded, "is there and has no record"),
            (long length, _) => length == size ? null : (IntegrityIssueKind.BlobDamaged, $"has {length} bytes instead of {size}"),
        };
        if (wrong is { } found)
        {
            issues.Add(OfBlob(transaction, found.Kind, digest, $"The blob {digest} {found.What}"));
        }
    }

    /// <summary>An issue of a blob, with who is hit.</summary>
    public IntegrityIssue OfBlob(StoreTransaction transaction, IntegrityIssueKind kind, string digest, string message)
    {
        Dependents users = Dependents.OfBlob(transaction, digest);
        return new IntegrityIssue
        {
            Kind = kind,
            Path = layout.Blob(Digest.Parse(digest)),
            Digest = digest,
            Images = users.Images,
            Containers = users.Containers,
            IsRepairable = kind == IntegrityIssueKind.BlobNotRecorded || users.Origins.Count > 0,
            Message = message + Of(users),
        };
    }

    /// <summary>An issue of a layer, with who is hit.</summary>
    public IntegrityIssue OfLayer(StoreTransaction transaction, IntegrityIssueKind kind, string key, string diffId, string message)
    {
        Dependents users = Dependents.OfLayer(transaction, key);
        bool hasSource = users.Origins.Count > 0 || LayerBlobTable.RecordedBlobsOf(transaction, diffId)
            .Any(blob => StoreEntry.FileLength(layout.Blob(blob.Digest)) is not null);
        return new IntegrityIssue
        {
            Kind = kind,
            Path = layout.Layer(key),
            Digest = diffId,
            LayerKey = key,
            Images = users.Images,
            Containers = users.Containers,
            IsRepairable = canUnpack && hasSource && users.Standing.Length == 0,
            Message = message + Of(users) + (hasSource && users.Standing.Length > 0 ? $" It cannot be repaired while it is used by {users.Standing}." : ""),
        };
    }

    private void CheckLayer(StoreTransaction transaction, string key, string diffId, bool isRecorded, List<IntegrityIssue> issues)
    {
        if (!isRecorded)
        {
            issues.Add(OfLayer(transaction, IntegrityIssueKind.LayerNotRecorded, key, diffId, $"The layer {diffId} has no record"));
        }
        else if (!StoreEntry.IsDirectory(layout.Layer(key)))
        {
            string other = StoreEntry.Exists(layout.Layer(key)) ? ", and something else is in its place" : "";
            issues.Add(OfLayer(transaction, IntegrityIssueKind.LayerMissing, key, diffId, $"The directory of the layer {diffId} is missing{other}"));
        }
    }

    private void CheckContainers(StoreTransaction transaction, List<IntegrityIssue> issues)
    {
        foreach ((string id, string name) in ContainerTable.Made(transaction))
        {
            if (!StoreEntry.IsDirectory(layout.Container(id)))
            {
                issues.Add(new IntegrityIssue
                {
                    Kind = IntegrityIssueKind.ContainerMissing,
                    Path = layout.Container(id),
                    Containers = [name],
                    Message = $"The folder of the container {name} is missing: its changes are lost.",
                });
            }
        }
    }

    private void CheckImages(StoreTransaction transaction, List<IntegrityIssue> issues)
    {
        foreach ((string id, long count, long last) in ImageLayerTable.Gaps(transaction))
        {
            issues.Add(OfImage(transaction, id, $"has records of {count} of {last + 1} layers"));
        }
        foreach (string id in ImageLayerTable.ImagesWithNothing(transaction))
        {
            issues.Add(OfImage(transaction, id, "has a layer without a blob and without a directory"));
        }
    }

    /// <summary>Makes the issue that tells of a damaged image.</summary>
    public IntegrityIssue OfImage(StoreTransaction transaction, string id, string what)
    {
        Dependents users = Dependents.OfBlob(transaction, id);
        return new IntegrityIssue
        {
            Kind = IntegrityIssueKind.ImageDamaged,
            Path = layout.Blob(Digest.Parse(id)),
            Digest = id,
            Images = users.Images,
            Containers = users.Containers,
            Message = $"The image {users.Images.FirstOrDefault() ?? id} {what}.",
        };
    }

    private static IntegrityIssue Leftover(StoreItem item) => new()
    {
        Kind = IntegrityIssueKind.Leftover,
        Path = item.Path,
        IsRepairable = true,
        Message = $"{item.Path} belongs to nothing: a killed process left it.",
    };

    private static string Of(Dependents users)
    {
        if (users.Images.Count == 0)
        {
            return "; it belongs to no image.";
        }
        string some = string.Join(", ", users.Images.Take(5)), more = users.Images.Count > 5 ? $" and {users.Images.Count - 5} more" : "";
        return $"; it belongs to the image{(users.Images.Count > 1 ? "s" : "")} {some}{more}.";
    }
}
