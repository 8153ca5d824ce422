using LayerImage.Engine.SystemTests.Images;

namespace LayerImage.Engine.SystemTests.Store;

/// <summary>A small file system with a folder for a store, and a file beside it that takes what room there is.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _place;

    private SmallDisk(string place) => _place = place;

    /// <summary>The store's folder.</summary>
    public string Root => Path.Combine(_place, "root");

    private string Filler => Path.Combine(_place, "filler");

    public static async Task<SmallDisk> MountAsync(string place, int mebibytes)
    {
        await ImageHarness.ShellAsync($"mkdir -p '{place}'; mount -t tmpfs -o size={mebibytes}m,mode=700 limg-test '{place}'; mkdir -m 700 '{place}/root'");
        return new SmallDisk(place);
    }

    /// <summary>Takes all room but so many bytes.</summary>
    public void Fill(long butFor)
    {
        Free();
        long size = new DriveInfo(_place).AvailableFreeSpace - butFor;
        File.OpenHandle(Filler, FileMode.CreateNew, FileAccess.Write, preallocationSize: size).Dispose();
    }

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        await ImageHarness.ShellAsync($"umount '{_place}'");
    }
}
