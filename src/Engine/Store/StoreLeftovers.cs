using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Store;

/// <summary>
/// What killed processes left on the disk. Records are the truth: a layer's directory is renamed into its place inside
/// the transaction that records it, a container's is made after its record and removed after it; so a directory
/// without a record is nobody's.
/// </summary>
internal static class StoreLeftovers
{
    /// <summary>How the names of containers' locks begin.</summary>
    public const string ContainerLock = "container-";

    /// <summary>Removes it, as far as that can be done: what cannot go keeps nothing else. Cheap when there is nothing.</summary>
    public static void Remove(StoreLayout layout, StoreDatabase database)
    {
        ScratchFolder.Sweep(layout);
        Try(() => RemoveIndexes(layout, database));
        // The directories first: one that is made meanwhile has its record by then.
        List<string> directories = [.. layout.FoldersOf(database.Kinds.Where(kind => kind.IsSwept)).SelectMany(Directory.EnumerateFileSystemEntries)];
        string[] locks = Directory.GetFiles(layout.Locks, ContainerLock + "*");
        HashSet<string> known = database.Read(Reachability.Directories);
        foreach (string path in locks.Where(path => !known.Contains(Path.GetFileName(path)[ContainerLock.Length..])))
        {
            Try(() => File.Delete(path)); // whoever holds it loses nothing by that: no id comes back
        }
        directories.RemoveAll(directory => known.Contains(Path.GetFileName(directory)));
        if (directories.Count == 0)
        {
            return;
        }
        using ScratchFolder trash = ScratchFolder.Create(layout);
        for (int i = 0; i < directories.Count; i++)
        {
            string destination = Path.Combine(trash.Path, i.ToString(CultureInfo.InvariantCulture)), directory = directories[i];
            Try(() => MoveOut(database, layout, directory, destination));
        }
    }

    // Nobody asked for this: what the user asked for says what is wrong with the store.
    private static void Try(Action removal)
    {
        try
        {
            removal();
        }
        catch (Exception e) when (e is LayerImageException or IOException or UnauthorizedAccessException)
        {
            // Test-LayerStore shows it.
        }
    }

    /// <summary>Removes indexes and inflated tars of layers that the store does not have any more.</summary>
    public static void RemoveIndexes(StoreLayout layout, StoreDatabase database)
    {
        List<string> files = [.. Directory.EnumerateFiles(layout.Indexes), .. Directory.EnumerateFiles(layout.Cache)];
        if (files.Count == 0)
        {
            return;
        }
        HashSet<string> known = database.Read(Reachability.DiffIds).Select(diffId => Oci.Digest.Parse(diffId).Hex).ToHashSet(StringComparer.Ordinal);
        foreach (string file in files.Where(file => !known.Contains(Path.GetFileNameWithoutExtension(file))))
        {
            File.Delete(file);
        }
    }

    /// <summary>The same for a few layers, which have just lost an image: without a look at all the others.</summary>
    public static void RemoveIndexes(StoreLayout layout, StoreDatabase database, IEnumerable<Oci.Digest> diffIds)
    {
        List<Oci.Digest> gone = database.Read(transaction => diffIds.Where(diffId => !Reachability.HasDiffId(transaction, diffId)).ToList());
        foreach (Oci.Digest diffId in gone)
        {
            File.Delete(layout.Index(diffId));
            File.Delete(layout.CachedTar(diffId));
        }
    }

    /// <summary>
    /// Takes what is in the place of a thing's directory (a layer's, a container's) out of it, if it has no record and is no
    /// container's own.
    /// </summary>
    public static void MoveOut(StoreDatabase database, StoreLayout layout, string directory, string destination) => database.Write(transaction =>
    {
        string name = Path.GetFileName(directory);
        if (StoreEntry.Exists(directory) && !Reachability.HasDirectory(transaction, name)
            && !UpperHandover.TryReturn(transaction, layout, directory))
        {
            StoreEntry.Move(directory, destination);
        }
    });
}
