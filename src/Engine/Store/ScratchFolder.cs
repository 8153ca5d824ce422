using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Store;

/// <summary>
/// A folder for work under way, on the store's file system so that its content can be renamed into place. Its name
/// says which process of which boot works in it, so that what a killed process left is recognised and removed.
/// It can hold a claim: what the process has or will have in the store before any image does, and Clear leaves alone.
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private const string ClaimFile = ".claim";

    private ScratchFolder(string path) => Path = path;

    public string Path { get; }

    public static ScratchFolder Create(StoreLayout layout)
    {
        string path = System.IO.Path.Combine(layout.Scratch, $"{HostProcess.Stamp}.{Guid.NewGuid():N}");
        HostFolder.Create(path, $"The store {layout.Root} cannot be changed", layout.Root);
        return new ScratchFolder(path);
    }

    /// <summary>A folder that holds nothing but a claim.</summary>
    public static ScratchFolder Claim(StoreLayout layout, IEnumerable<string> names)
    {
        ScratchFolder folder = Create(layout);
        folder.Claim(names);
        return folder;
    }

    /// <summary>
    /// Claims blobs by digest, layers by DiffID, and folders that are being removed by name, until the folder goes. Before
    /// their records are written or removed: who clears the store reads the claims in its own transaction, and so sees
    /// either the claim or no record.
    /// </summary>
    public void Claim(IEnumerable<string> names)
    {
        try
        {
            File.WriteAllLines(System.IO.Path.Combine(Path, ClaimFile), names);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            // Who clears a full disk now may take what is then received again.
        }
    }

    /// <summary>Claims nothing any more.</summary>
    public void Release() => Claim(Array.Empty<string>());

    /// <summary>Claims blobs and layers.</summary>
    public void Claim(IEnumerable<Oci.Digest> digests) => Claim(digests.Select(digest => digest.ToString()));

    /// <summary>A folder that holds nothing but a claim.</summary>
    public static ScratchFolder Claim(StoreLayout layout, IEnumerable<Oci.Digest> digests) => Claim(layout, digests.Select(digest => digest.ToString()));

    /// <summary>All that living processes claim.</summary>
    public static HashSet<string> ReadClaims(StoreLayout layout)
    {
        HashSet<string> claimed = new(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateDirectories(layout.Scratch).Where(IsAlive))
        {
            try
            {
                claimed.UnionWith(File.ReadLines(System.IO.Path.Combine(path, ClaimFile)));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Claims nothing, or has just ended.
            }
        }
        return claimed;
    }

    /// <summary>The folders that dead processes left.</summary>
    public static IReadOnlyList<string> FindDead(StoreLayout layout) => [.. Directory.EnumerateFileSystemEntries(layout.Scratch).Where(path => !IsAlive(path))];

    /// <summary>Removes what dead processes left; what cannot go keeps nobody from their work. Cheap when there is nothing.</summary>
    public static void Sweep(StoreLayout layout)
    {
        foreach (string path in FindDead(layout))
        {
            try
            {
                StoreEntry.Remove(path);
            }
            catch (Exception e) when (e is LayerImageException or IOException or UnauthorizedAccessException)
            {
                // Test-LayerStore shows it.
            }
        }
    }

    public void Dispose() => TreeRemoval.Remove(Path);

    private static bool IsAlive(string path) => HostProcess.IsAlive(System.IO.Path.GetFileNameWithoutExtension(path));
}
