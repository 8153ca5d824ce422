using LayerImage.Engine.IO;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Store;

/// <summary>The table <c>container</c>. A container's layers go with its row.</summary>
internal static class ContainerTable
{
    /// <summary>What one does now that stands on its layers; NULL for one at rest. See <see cref="StoreKind.Standing"/>.</summary>
    public const string Standing = $"CASE state WHEN '{nameof(RecordedState.Created)}' THEN NULL WHEN '{nameof(RecordedState.Exited)}' THEN NULL "
        + $"WHEN '{nameof(RecordedState.New)}' THEN 'being made' ELSE state END";

    private const string Columns = "id, name, image, created, spec, address, state, boot_id, pid, pid_start, started, finished, exit_code, error, run, keeper";

    /// <summary>Whether a container is recorded.</summary>
    public static bool Exists(StoreTransaction transaction, string id) => transaction.Scalar<long>("SELECT count(*) FROM container WHERE id = ?1", id) > 0;

    /// <summary>How many containers there are.</summary>
    public static long Count(StoreTransaction transaction) => transaction.Scalar<long>("SELECT count(*) FROM container");

    /// <summary>All of them, the newest first.</summary>
    public static List<ContainerRow> List(StoreTransaction transaction) =>
        transaction.Query($"SELECT {Columns} FROM container ORDER BY created DESC, id", Read);

    /// <summary>Those of which all was made, with their names.</summary>
    public static List<(string Id, string Name)> Made(StoreTransaction transaction) =>
        transaction.Query("SELECT id, name FROM container WHERE state <> ?1", row => (row.GetString(0), row.GetString(1)), nameof(RecordedState.New));

    /// <summary>The container with exactly this id, or null.</summary>
    public static ContainerRow? Find(StoreTransaction transaction, string id) =>
        transaction.Query($"SELECT {Columns} FROM container WHERE id = ?1", Read, id).FirstOrDefault();

    /// <summary>The container with exactly this name, or null.</summary>
    public static ContainerRow? FindByName(StoreTransaction transaction, string name) =>
        transaction.Query($"SELECT {Columns} FROM container WHERE name = ?1", Read, name).FirstOrDefault();

    /// <summary>The containers whose id begins like this.</summary>
    public static List<ContainerRow> FindByPrefix(StoreTransaction transaction, string prefix) =>
        transaction.Query($"SELECT {Columns} FROM container WHERE id >= ?1 AND id < ?1 || 'g'", Read, prefix);

    /// <summary>The id of the container that has a name, or null.</summary>
    public static string? OwnerOf(StoreTransaction transaction, string name) => transaction.Scalar<string>("SELECT id FROM container WHERE name = ?1", name);

    /// <summary>The addresses that containers have, that of the oldest container first.</summary>
    public static List<string> Addresses(StoreTransaction transaction) =>
        transaction.Query("SELECT address FROM container WHERE address IS NOT NULL ORDER BY created", row => row.GetString(0));

    /// <summary>Records a container.</summary>
    public static void Insert(StoreTransaction transaction, ContainerRow row) => transaction.Execute(
        "INSERT INTO container (id, name, image, created, spec, address, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        row.Id, row.Name, row.Image, row.Created.ToUnixTimeMilliseconds(), row.Spec, row.Address, row.State.ToString());

    /// <summary>Records that this process starts a container. A new one stays new.</summary>
    public static void SetStarting(StoreTransaction transaction, string id, string run) => transaction.Execute(
        "UPDATE container SET state = CASE state WHEN ?6 THEN ?6 ELSE ?2 END, boot_id = ?3, pid = ?4, pid_start = ?5, error = NULL, run = ?7 WHERE id = ?1",
        id,
        nameof(RecordedState.Starting),
        HostProcess.BootId,
        Environment.ProcessId,
        HostProcess.StartTime(Environment.ProcessId),
        nameof(RecordedState.New),
        run);

    /// <summary>Records a container that runs since now.</summary>
    public static void SetRunning(StoreTransaction transaction, string id, string spec, int pid, long pidStart, DateTimeOffset now) => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = ?3, pid = ?4, pid_start = ?5, started = ?6, spec = ?7, "
            + "exit_code = NULL, finished = NULL, error = NULL WHERE id = ?1",
        id, nameof(RecordedState.Running), HostProcess.BootId, pid, pidStart, now.ToUnixTimeMilliseconds(), spec);

    /// <summary>Records a container that was found to run.</summary>
    public static void SetFound(StoreTransaction transaction, string id, int pid, long pidStart) => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = ?3, pid = ?4, pid_start = ?5, exit_code = NULL, finished = NULL, error = NULL WHERE id = ?1",
        id, nameof(RecordedState.Running), HostProcess.BootId, pid, pidStart);

    /// <summary>Records a container that has ended, or never came to run.</summary>
    public static void SetEnded(StoreTransaction transaction, string id, RecordedState state, int? exitCode, DateTimeOffset? finished, string? error) =>
        transaction.Execute(
            "UPDATE container SET state = ?2, boot_id = NULL, pid = NULL, pid_start = NULL, exit_code = ?3, finished = ?4, error = ?5 WHERE id = ?1",
            id, state.ToString(), exitCode, finished?.ToUnixTimeMilliseconds(), error);

    /// <summary>Records who keeps a container that is stopped; null: nobody.</summary>
    public static void SetKeeper(StoreTransaction transaction, string id, string? keeper) =>
        transaction.Execute("UPDATE container SET keeper = ?2 WHERE id = ?1", id, keeper);

    /// <summary>Records what was decided of a container.</summary>
    public static void SetSpec(StoreTransaction transaction, string id, string spec) =>
        transaction.Execute("UPDATE container SET spec = ?2 WHERE id = ?1", id, spec);

    /// <summary>Gives a container another address.</summary>
    public static void SetAddress(StoreTransaction transaction, string id, string address) =>
        transaction.Execute("UPDATE container SET address = ?2 WHERE id = ?1", id, address);

    /// <summary>Gives a container another name.</summary>
    public static void Rename(StoreTransaction transaction, string id, string name) =>
        transaction.Execute("UPDATE container SET name = ?2 WHERE id = ?1", id, name);

    /// <summary>Deletes a container.</summary>
    public static void Delete(StoreTransaction transaction, string id) => transaction.Execute("DELETE FROM container WHERE id = ?1", id);

    private static ContainerRow Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Name = row.GetString(1),
        Image = row.GetString(2),
        Created = row.Time(3)!.Value,
        Spec = row.GetString(4),
        Address = row.Text(5),
        State = Enum.Parse<RecordedState>(row.GetString(6)),
        BootId = row.Text(7),
        Pid = (int?)row.Long(8),
        PidStart = row.Long(9),
        Started = row.Time(10),
        Finished = row.Time(11),
        ExitCode = (int?)row.Long(12),
        Error = row.Text(13),
        Run = row.Text(14),
        Keeper = row.Text(15),
    };
}
