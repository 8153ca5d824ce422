using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>
/// The records of mounts, and what of them is still true: a mount is gone after a boot, with its namespace's last process, and
/// when somebody unmounts it by other means. Its record then goes too, or becomes that of the changes that the store keeps.
/// </summary>
internal sealed class UnionMountRecords(StoreLayout layout, StoreDatabase database, LayerStore layers)
{
    private string LockPath => layout.Lock("mounts");

    /// <summary>Whoever mounts or dismounts holds this: short work, and one at a time.</summary>
    public Task<FileLock> LockAsync(IEngineObserver observer, CancellationToken cancellationToken) => FileLock.AcquireAsync(LockPath, "the mounts", observer, cancellationToken);

    /// <summary>The folder of a mount's own things in the store.</summary>
    public string FolderOf(string id) => Path.Combine(layout.Mounts, id);

    public List<UnionMountRecord> List() => database.Read(UnionMountRecord.List);

    public void Insert(UnionMountRecord record, IEnumerable<string> keys) => database.Write(transaction => record.Insert(transaction, keys));

    /// <summary>Brings the records up to date, unless somebody is changing them right now. Free when there are none.</summary>
    public void Settle()
    {
        if (!HostSystem.IsLinux || List().Count == 0)
        {
            return;
        }
        using FileLock? held = FileLock.TryAcquire(LockPath);
        if (held is not null)
        {
            SettleLocked();
        }
    }

    /// <summary>The same for who holds the lock; removes folders that no record has, too.</summary>
    public void SettleLocked()
    {
        List<UnionMountRecord> records = List();
        foreach (UnionMountRecord record in records.Where(record => record.Mount.IsMounted && !IsThere(record)))
        {
            End(record, discard: false);
        }
        if (Directory.Exists(layout.Mounts))
        {
            HashSet<string> known = [.. records.Select(record => record.Mount.Id)];
            foreach (string folder in Directory.EnumerateDirectories(layout.Mounts).Where(folder => !known.Contains(Path.GetFileName(folder))))
            {
                TreeRemoval.Remove(folder);
            }
        }
    }

    /// <summary>Whether it is mounted, in whichever namespace.</summary>
    public static bool IsThere(UnionMountRecord record) => record.BootId == HostProcess.BootId
        && (MountNamespace.Read(record.Namespace) is not { } mounts || mounts.Any(mount => mount.MountPoint == record.Mount.Merged && mount.Source == OverlayMountDriver.Source));

    /// <summary>Deals with a mount that is gone: the record first, then what was made for it, then layers that only it had.</summary>
    /// <returns>Whether changes are kept.</returns>
    public bool End(UnionMountRecord record, bool discard)
    {
        bool keeps = record.KeepsChanges && !discard && Directory.Exists(record.Mount.UpperDir) && Directory.EnumerateFileSystemEntries(record.Mount.UpperDir).Any();
        List<(string Key, Digest DiffId)> unused = database.Write(transaction =>
        {
            List<(string Key, Digest DiffId)> had = UnionMountRecord.LayersOf(transaction, record.Mount.Id).ConvertAll(key =>
                (key, Digest.Parse(transaction.Scalar<string>("SELECT diff_id FROM layer WHERE key = ?1", key)!)));
            transaction.Execute("DELETE FROM mount_layer WHERE mount = ?1", record.Mount.Id);
            transaction.Execute(keeps ? "UPDATE mount SET mounted = 0 WHERE id = ?1" : "DELETE FROM mount WHERE id = ?1", record.Mount.Id);
            HashSet<string> deleted = [.. LayerStore.DeleteUnusedRecords(transaction, had.Select(layer => layer.Key))];
            return had.FindAll(layer => deleted.Contains(layer.Key));
        });
        RemoveMade(record, keeps);
        layers.DeleteDirectories(unused);
        return keeps;
    }

    private void RemoveMade(UnionMountRecord record, bool keeps)
    {
        if (record.Made.HasFlag(MadeForMount.Path) && record.Namespace == MountNamespace.Own)
        {
            TryRemoveEmpty(record.Mount.Merged);
        }
        if (record.Made.HasFlag(MadeForMount.WorkDir) && record.Mount.WorkDir is string work)
        {
            TreeRemoval.Remove(work);
        }
        if (!keeps)
        {
            TreeRemoval.Remove(FolderOf(record.Mount.Id));
        }
    }

    // Never its content: whatever is in it is not the union's.
    private static void TryRemoveEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody uses it now, or it is gone.
        }
    }
}
