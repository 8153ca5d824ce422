using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Store;

/// <summary>
/// Room on the store's disk that is set aside for what makes room. Ends, removals and clearing write records before they
/// delete files, and a disk can be full to its last block: then a part of this is given up for those records, and made
/// again when there is room. In parts, so that a stop that frees nothing does not take all of it.
/// </summary>
internal sealed class StoreReserve(StoreLayout layout)
{
    private const int Parts = 16;
    private const long PartSize = 64 << 10;

    /// <summary>Sets aside what is missing, as far as there is room for it.</summary>
    public void Fill()
    {
        try
        {
            Directory.CreateDirectory(layout.Reserve);
            foreach (string part in Enumerable.Range(0, Parts).Select(PathOf).Where(part => !File.Exists(part)))
            {
                Add(part);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is full by now, or cannot be written: nobody asked for this.
        }
    }

    /// <summary>Does something that makes room, or records an end. As long as the disk has no room for that, the reserve is given up.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.DiskFull"/>: there is no reserve any more.</exception>
    public T Use<T>(Func<T> change)
    {
        while (true)
        {
            try
            {
                T result = change();
                Fill();
                return result;
            }
            catch (LayerImageException e) when (e.Error == EngineError.DiskFull && TryGiveUpPart())
            {
                // Once more, with that much room.
            }
        }
    }

    /// <summary>Makes a change that has no result, with the reserve's room if the disk is full.</summary>
    public void Use(Action change) => Use(() =>
    {
        change();
        return 0;
    });

    private bool TryGiveUpPart()
    {
        foreach (string part in Enumerable.Range(0, Parts).Select(PathOf).Where(File.Exists))
        {
            File.Delete(part);
            return true;
        }
        return false;
    }

    private static void Add(string part)
    {
        try
        {
            File.OpenHandle(part, FileMode.CreateNew, FileAccess.Write, preallocationSize: PartSize).Dispose();
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }

    private string PathOf(int part) => Path.Combine(layout.Reserve, part.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
