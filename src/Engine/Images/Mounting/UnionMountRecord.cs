using System.Text.Json;
using LayerImage.Engine.IO;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>What was made for a mount and goes with it.</summary>
[Flags]
internal enum MadeForMount
{
    None = 0,
    Path = 1,
    WorkDir = 2,
    UpperDir = 4,
    Root = 8, // an empty folder in mounts/ on top of the layers
}

/// <summary>A row of the table of mounts.</summary>
internal sealed record UnionMountRecord
{
    private const string Columns = "id, path, image, reference, boot_id, namespace, lower, upper, work, made, since, mounted";

    public required UnionMount Mount { get; init; }

    public string BootId { get; init; } = HostProcess.BootId;

    public string Namespace { get; init; } = MountNamespace.Own;

    public MadeForMount Made { get; init; }

    /// <summary>By what mountinfo shows it wherever it is: who renames a folder on the way moves it.</summary>
    public string Source => $"{OverlayMountDriver.Source}:{Mount.Id}";

    /// <summary>Whether the changes are in the store and not in a folder of the user's.</summary>
    public bool KeepsChanges => Made.HasFlag(MadeForMount.UpperDir);

    public static List<UnionMountRecord> List(StoreTransaction transaction) => transaction.Query($"SELECT {Columns} FROM mount ORDER BY since, id", Read);

    public static List<string> LayersOf(StoreTransaction transaction, string id) => transaction.Query("SELECT layer FROM mount_layer WHERE mount = ?1", row => row.GetString(0), id);

    /// <summary>Writes it with the layers that must stay.</summary>
    public void Insert(StoreTransaction transaction, IEnumerable<string> layers)
    {
        transaction.Execute($"INSERT INTO mount ({Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1)", Mount.Id, Mount.Merged, Mount.ImageId, Mount.Reference, BootId, Namespace,
            JsonSerializer.Serialize([.. Mount.LowerDirs], StoreJsonContext.Default.StringArray), Mount.UpperDir, Mount.WorkDir, (int)Made, Mount.MountedAt.ToUnixTimeMilliseconds());
        foreach (string layer in layers.Distinct())
        {
            if (transaction.Scalar<long>("SELECT count(*) FROM layer WHERE key = ?1", layer) == 0)
            {
                throw LayerStore.Missing(layer);
            }
            transaction.Execute("INSERT INTO mount_layer (mount, layer) VALUES (?1, ?2)", Mount.Id, layer);
        }
    }

    private static UnionMountRecord Read(SqliteDataReader row) => new()
    {
        Mount = new UnionMount
        {
            Id = row.GetString(0),
            Merged = row.GetString(1),
            ImageId = row.Text(2),
            Reference = row.Text(3),
            LowerDirs = JsonSerializer.Deserialize(row.GetString(6), StoreJsonContext.Default.StringArray)!,
            UpperDir = row.Text(7),
            WorkDir = row.Text(8),
            MountedAt = row.Time(10)!.Value,
            IsMounted = row.GetBoolean(11),
        },
        BootId = row.GetString(4),
        Namespace = row.GetString(5),
        Made = (MadeForMount)row.GetInt32(9),
    };
}
