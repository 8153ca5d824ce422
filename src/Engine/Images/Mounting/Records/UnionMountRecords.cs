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
    private readonly StoreReserve _reserve = new(layout);

    private string LockPath => layout.Lock("mounts");

    /// <summary>Whoever mounts or dismounts holds this: short work, and one at a time.</summary>
    public Task<FileLock> LockAsync(IEngineObserver observer, CancellationToken cancellationToken) =>
        FileLock.AcquireAsync(LockPath, "the mounts", observer, cancellationToken);

    /// <summary>The folder of a mount's own things in the store.</summary>
    public string FolderOf(string id) => Path.Combine(layout.Mounts, id);

    public List<UnionMountRecord> List() => database.Read(UnionMountRecord.List);

    public void Insert(UnionMountRecord record, IEnumerable<string> keys) => database.Write(transaction => record.Insert(transaction, keys));

    /// <summary>Brings the records up to date, unless somebody is changing them right now. Free when there are none.</summary>
    public void Reconcile()
    {
        if (!HostSystem.IsLinux || List().Count == 0)
        {
            return;
        }
        using FileLock? held = TryLock();
        if (held is null)
        {
            return;
        }
        try
        {
            ReconcileLocked();
        }
        catch (LayerImageException e) when (e.Error is EngineError.NotPrivileged or EngineError.DiskFull)
        {
            // A store that cannot be written is looked at as it is.
        }
    }

    /// <summary>
    /// Lets go of the layers of mounts that are gone. Their records stay for <see cref="Reconcile"/>, which knows what else was
    /// made for them.
    /// </summary>
    public static void ReleaseLayers(StoreTransaction transaction)
    {
        foreach (UnionMountRecord record in Gone(UnionMountRecord.List(transaction)))
        {
            MountLayerTable.Release(transaction, record.Mount.Id);
        }
    }

    /// <summary>For a transaction that is only tried: no mount that is gone counts as one.</summary>
    public static void Forget(StoreTransaction transaction)
    {
        List<UnionMountRecord> gone = [.. Gone(UnionMountRecord.List(transaction))];
        ReleaseLayers(transaction);
        gone.ForEach(record => MountTable.SetGone(transaction, record.Mount.Id));
    }

    /// <summary>Reads records in which mounts that are gone have no layers any more. Changes nothing.</summary>
    public T ReadReleased<T>(Func<StoreTransaction, T> body)
    {
        if (!Gone(List()).Any())
        {
            return database.Read(body);
        }
        try
        {
            return database.Write(transaction =>
            {
                ReleaseLayers(transaction);
                return body(transaction);
            }, commit: false);
        }
        catch (LayerImageException e) when (e.Error is EngineError.NotPrivileged or EngineError.DiskFull)
        {
            return database.Read(body);
        }
    }

    private static IEnumerable<UnionMountRecord> Gone(List<UnionMountRecord> records) =>
        HostSystem.IsLinux ? records.Where(record => record.Mount.IsMounted && FindPath(record) is null) : [];

    private FileLock? TryLock()
    {
        try
        {
            return FileLock.TryAcquire(LockPath);
        }
        catch (LinuxException e) when (e.Error is EngineError.NotPrivileged or EngineError.DiskFull)
        {
            return null; // a store that cannot be written is looked at as it is
        }
    }

    /// <summary>The same for who holds the lock; removes folders that no record has, too.</summary>
    public void ReconcileLocked()
    {
        List<UnionMountRecord> records = List();
        foreach (UnionMountRecord record in records.Where(record => record.Mount.IsMounted))
        {
            if (FindPath(record) is not string path)
            {
                End(record, discard: false);
            }
            else if (path != record.Mount.Merged)
            {
                // What was made for it is not known to be there any more.
                database.Write(transaction => MountTable.SetPath(transaction, record.Mount.Id, path, (int)MadeForMount.Path));
            }
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

    /// <summary>Where it is mounted, in whichever namespace; null when it is not.</summary>
    public static string? FindPath(UnionMountRecord record)
    {
        if (record.BootId != HostProcess.BootId)
        {
            return null;
        }
        if (MountNamespace.Read(record.Namespace) is not { } mounts)
        {
            return record.Mount.Merged; // it cannot be told
        }
        // A session before it had a name of its own made it without.
        bool IsOfRecord(MountInfo mount) =>
            mount.Source == record.Source || (mount.Source == OverlayMountDriver.Source && mount.MountPoint == record.Mount.Merged);
        List<string> places = [.. mounts.Where(IsOfRecord).Select(mount => mount.MountPoint)];
        return places.Contains(record.Mount.Merged) ? record.Mount.Merged : places.FirstOrDefault();
    }

    /// <summary>
    /// Deals with a mount that is gone: what was made for it first, then the record, so that who is killed in between leaves it to
    /// the next one; then layers that only it had.
    /// </summary>
    /// <returns>Whether changes are kept.</returns>
    public bool End(UnionMountRecord record, bool discard)
    {
        bool keeps = record.KeepsChanges
            && !discard
            && Directory.Exists(record.Mount.UpperDir)
            && Directory.EnumerateFileSystemEntries(record.Mount.UpperDir).Any();
        RemoveMade(record, keeps);
        FaultPoint.Reach(FaultPoint.MountCleared);
        // Until they are gone, what has no record any more is not garbage of a dead process.
        using ScratchFolder claim = _reserve.Use(() => ScratchFolder.Create(layout));
        List<(string Key, Digest DiffId)> unused = _reserve.Use(() => database.Write(transaction =>
        {
            List<(string Key, Digest DiffId)> had = Reachability.LayersOf(transaction, StoreKinds.Mount, record.Mount.Id);
            MountLayerTable.Release(transaction, record.Mount.Id);
            if (keeps)
            {
                MountTable.SetGone(transaction, record.Mount.Id);
            }
            else
            {
                MountTable.Delete(transaction, record.Mount.Id);
            }
            HashSet<string> deleted = [.. Reachability.DeleteUnusedLayers(transaction, had.Select(layer => layer.Key))];
            claim.Claim(deleted);
            return had.FindAll(layer => deleted.Contains(layer.Key));
        }));
        _reserve.Use(() => layers.DeleteDirectories(unused));
        return keeps;
    }

    private void RemoveMade(UnionMountRecord record, bool keeps)
    {
        // A path of the user's may mean another folder in this mount namespace.
        bool isOurs = record.Namespace == MountNamespace.Own;
        if (record.Made.HasFlag(MadeForMount.Path) && isOurs)
        {
            TryRemoveEmpty(record.Mount.Merged);
        }
        if (record.Made.HasFlag(MadeForMount.WorkDir) && record.Mount.WorkDir is string work && (isOurs || record.KeepsChanges))
        {
            TryRemove(work);
        }
        if (!keeps)
        {
            TryRemove(FolderOf(record.Mount.Id));
        }
    }

    // What cannot go must not keep the record: in the store it is a leftover then, and found as such.
    private static void TryRemove(string folder)
    {
        try
        {
            TreeRemoval.Remove(folder);
        }
        catch (LinuxException)
        {
            // Its file system is read-only by now, say.
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
