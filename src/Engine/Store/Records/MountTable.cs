using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>A row of the table of mounts: a union at a path of the user's, or the changes kept of one.</summary>
internal sealed record MountRow
{
    /// <summary>The mount's id, and its folder under mounts/.</summary>
    public required string Id { get; init; }

    public required string Path { get; init; }

    /// <summary>The image's id; the image may be gone.</summary>
    public string? Image { get; init; }

    /// <summary>What the image was called.</summary>
    public string? Reference { get; init; }

    /// <summary>The boot and the mount namespace that it is in.</summary>
    public required string BootId { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The lower directories, the top one first.</summary>
    public required IReadOnlyList<string> Lower { get; init; }

    /// <summary>The upper directory; null for a read-only mount.</summary>
    public string? Upper { get; init; }

    public string? Work { get; init; }

    /// <summary>What was made for it, in bits.</summary>
    public required int Made { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>Else only its changes are kept.</summary>
    public required bool IsMounted { get; init; }
}

/// <summary>The table <c>mount</c>. The layers that a mount needs go with its row.</summary>
internal static class MountTable
{
    /// <summary>The condition that a row is a mount still, and not only the changes of one.</summary>
    public const string IsMounted = "mounted = 1";

    /// <summary>What one does now that stands on its layers; NULL where only changes are kept. See <see cref="StoreKind.Standing"/>.</summary>
    public const string Standing = $"CASE WHEN {IsMounted} THEN 'mounted' END";

    private const string Columns = "id, path, image, reference, boot_id, namespace, lower, upper, work, made, since, mounted";

    /// <summary>All of them, the oldest first.</summary>
    public static List<MountRow> List(StoreTransaction transaction) => transaction.Query($"SELECT {Columns} FROM mount ORDER BY since, id", Read);

    /// <summary>Records a mount.</summary>
    public static void Insert(StoreTransaction transaction, MountRow row) => transaction.Execute(
        $"INSERT INTO mount ({Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        row.Id,
        row.Path,
        row.Image,
        row.Reference,
        row.BootId,
        row.Namespace,
        JsonSerializer.Serialize([.. row.Lower], StoreJsonContext.Default.StringArray),
        row.Upper,
        row.Work,
        row.Made,
        row.Since.ToUnixTimeMilliseconds(),
        row.IsMounted);

    /// <summary>Records that a mount is at another path, and that of what was made for it this is not there any more.</summary>
    public static void SetPath(StoreTransaction transaction, string id, string path, int unmade) =>
        transaction.Execute("UPDATE mount SET path = ?2, made = made & ~?3 WHERE id = ?1", id, path, unmade);

    /// <summary>Records that only the changes of a mount are kept.</summary>
    public static void SetGone(StoreTransaction transaction, string id) => transaction.Execute("UPDATE mount SET mounted = 0 WHERE id = ?1", id);

    /// <summary>Deletes a mount.</summary>
    public static void Delete(StoreTransaction transaction, string id) => transaction.Execute("DELETE FROM mount WHERE id = ?1", id);

    private static MountRow Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Path = row.GetString(1),
        Image = row.Text(2),
        Reference = row.Text(3),
        BootId = row.GetString(4),
        Namespace = row.GetString(5),
        Lower = JsonSerializer.Deserialize(row.GetString(6), StoreJsonContext.Default.StringArray)!,
        Upper = row.Text(7),
        Work = row.Text(8),
        Made = row.GetInt32(9),
        Since = row.Time(10)!.Value,
        IsMounted = row.GetBoolean(11),
    };
}
