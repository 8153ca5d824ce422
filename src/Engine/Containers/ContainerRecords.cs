using System.Net;
using System.Text.Json;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;
using Microsoft.Data.Sqlite;

namespace LayerImage.Engine.Containers;

/// <summary>Containers in the store's records.</summary>
/// <param name="database">The store's records.</param>
/// <param name="network">Where addresses are taken from.</param>
/// <param name="run">This session's run folder: that of what it starts.</param>
internal sealed class ContainerRecords(StoreDatabase database, NetworkOptions network, string run)
{
    // In the state's place until whoever makes the container has made all of it (or, started at once, until it runs).
    private const string New = "New";
    private const string Columns = "id, name, created, spec, address, state, boot_id, pid, pid_start, started, finished, exit_code, error, run, keeper";

    /// <summary>See <see cref="StoreDatabase.KeepOpen"/>.</summary>
    public IDisposable KeepOpen() => database.KeepOpen();

    /// <summary>All of them, the newest first.</summary>
    public List<ContainerRecord> List() => database.Read(transaction => transaction.Query($"SELECT {Columns} FROM container ORDER BY created DESC, id", Read));

    /// <summary>By exact id.</summary>
    public ContainerRecord? Find(string id) => database.Read(transaction => transaction.Query($"SELECT {Columns} FROM container WHERE id = ?1", Read, id).FirstOrDefault());

    /// <summary>By exact name.</summary>
    public ContainerRecord? FindByName(string name) => database.Read(transaction => transaction.Query($"SELECT {Columns} FROM container WHERE name = ?1", Read, name).FirstOrDefault());

    /// <summary>By name, else by id or a unique beginning of one.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public ContainerRecord Get(string text) => database.Read(transaction =>
    {
        if (transaction.Query($"SELECT {Columns} FROM container WHERE name = ?1", Read, text) is [ContainerRecord named])
        {
            return named;
        }
        List<ContainerRecord> byId = IdPrefix.OfContainer(text) is string prefix
            ? transaction.Query($"SELECT {Columns} FROM container WHERE id >= ?1 AND id < ?1 || 'g'", Read, prefix)
            : [];
        return byId.Count switch
        {
            1 => byId[0],
            0 => throw NotFound(text),
            _ => throw new LayerImageException(EngineError.AmbiguousId, $"'{text}' fits {byId.Count} containers: {string.Join(", ", byId.Take(5).Select(record => record.Name))}.") { Target = text, Advice = "Give more digits of the id, or the name." },
        };
    });

    /// <summary>What is said of a container that is not there. Containers are root's, and nobody else sees root's store.</summary>
    public static LayerImageException NotFound(string text) => new(EngineError.ContainerNotFound, $"There is no container '{text}'{(Environment.IsPrivilegedProcess ? "" : " of this user's")}.")
    {
        Target = text,
        Advice = Environment.IsPrivilegedProcess ? "Get-Container lists the containers." : "Containers need root, and root's are seen by root only: start PowerShell as root (sudo).",
    };

    /// <summary>
    /// Records a new container: its name and address are its own from here on. Until it is recorded otherwise it is
    /// this process's: when that is killed, the container goes.
    /// </summary>
    /// <param name="id">Its id.</param>
    /// <param name="name">Its name, or null to have one made.</param>
    /// <param name="spec">What was decided.</param>
    /// <param name="layers">Keys of its layers, the base first.</param>
    /// <param name="now">When.</param>
    public ContainerRecord Create(string id, string? name, ContainerSpec spec, IReadOnlyList<string> layers, DateTimeOffset now) => database.Write(transaction =>
    {
        // Its layers may still be another's; what it is configured by is gone with it.
        if (transaction.Scalar<long>("SELECT count(*) FROM image WHERE id = ?1", spec.ImageId) == 0 || layers.Any(layer => transaction.Scalar<long>("SELECT count(*) FROM layer WHERE key = ?1", layer) == 0))
        {
            throw new LayerImageException(EngineError.ImageNotFound, $"The image {spec.Image} was removed meanwhile.") { Target = spec.Image, Advice = "Receive it again." };
        }
        ContainerRecord record = new()
        {
            Id = id,
            Name = FreeName(transaction, name),
            CreatedAt = now,
            Spec = spec,
            Address = spec.Network == "bridge" ? FreeAddress(transaction, []) : null,
            State = ContainerState.Starting,
            IsNew = true,
        };
        transaction.Execute("INSERT INTO container (id, name, image, created, spec, address, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            id, record.Name, spec.ImageId, now.ToUnixTimeMilliseconds(), JsonSerializer.Serialize(spec, ContainerJsonContext.Default.ContainerSpec), record.Address?.ToString(), New);
        SetStarting(transaction, id);
        for (int i = 0; i < layers.Count; i++)
        {
            transaction.Execute("INSERT INTO container_layer (container, position, layer) VALUES (?1, ?2, ?3)", id, i, layers[i]);
        }
        return record;
    });

    /// <summary>The keys of a container's layers, the base first.</summary>
    public IReadOnlyList<string> LayersOf(string id) => database.Read(transaction =>
        transaction.Query("SELECT layer FROM container_layer WHERE container = ?1 ORDER BY position", row => row.GetString(0), id));

    /// <summary>A container's layers, with those apart that were its upper directory.</summary>
    public ContainerStack StackOf(string id)
    {
        List<(string Key, string? History)> all = database.Read(transaction =>
            transaction.Query("SELECT layer, history FROM container_layer WHERE container = ?1 ORDER BY position", row => (row.GetString(0), row.Text(1)), id));
        return new ContainerStack(
            [.. all.Where(layer => layer.History is null).Select(layer => layer.Key)],
            [.. all.Where(layer => layer.History is not null).Select(layer => new OwnLayer(layer.Key, JsonSerializer.Deserialize(layer.History!, OciJsonContext.Default.HistoryEntry)!))]);
    }

    /// <summary>See <see cref="TakenUpper.Settle"/>.</summary>
    public void SettleUpper(string id, StoreLayout layout) => TakenUpper.Settle(database, layout, id);

    /// <summary>Puts a layer that was the container's upper directory on its layers.</summary>
    public static void AddOwnLayer(StoreTransaction transaction, string id, OwnLayer layer) => transaction.Execute(
        "INSERT INTO container_layer (container, position, layer, history) SELECT ?1, count(*), ?2, ?3 FROM container_layer WHERE container = ?1",
        id, layer.Key, JsonSerializer.Serialize(layer.History, OciJson.Wire.HistoryEntry));

    /// <summary>Records that this process starts a container now.</summary>
    public void SetStarting(string id) => database.Write(transaction => SetStarting(transaction, id));

    private int SetStarting(StoreTransaction transaction, string id) => transaction.Execute(
        "UPDATE container SET state = CASE state WHEN ?6 THEN ?6 ELSE ?2 END, boot_id = ?3, pid = ?4, pid_start = ?5, error = NULL, run = ?7 WHERE id = ?1",
        id, nameof(ContainerState.Starting), HostProcess.BootId, Environment.ProcessId, HostProcess.StartTime(Environment.ProcessId), New, run);

    /// <summary>Records that this process stops a container to start it again: its end is not the end of one that removes itself.</summary>
    public void Keep(string id) => database.Write(transaction => transaction.Execute("UPDATE container SET keeper = ?2 WHERE id = ?1", id, HostProcess.Stamp));

    /// <summary>Records that nobody keeps a container any more.</summary>
    public void Unkeep(string id) => database.Write(transaction => transaction.Execute("UPDATE container SET keeper = NULL WHERE id = ?1", id));

    /// <summary>Records what a start has decided, before the host knows of it: who cleans up after it must know too.</summary>
    public void SetSpec(string id, ContainerSpec spec) => database.Write(transaction =>
        transaction.Execute("UPDATE container SET spec = ?2 WHERE id = ?1", id, JsonSerializer.Serialize(spec, ContainerJsonContext.Default.ContainerSpec)));

    /// <summary>Records a container that runs now.</summary>
    public void SetRunning(string id, ContainerSpec spec, int pid, long pidStart, DateTimeOffset now) => database.Write(transaction => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = ?3, pid = ?4, pid_start = ?5, started = ?6, spec = ?7, exit_code = NULL, finished = NULL, error = NULL WHERE id = ?1",
        id, nameof(ContainerState.Running), HostProcess.BootId, pid, pidStart, now.ToUnixTimeMilliseconds(), JsonSerializer.Serialize(spec, ContainerJsonContext.Default.ContainerSpec)));

    /// <summary>Records that a container whose record said otherwise runs: its record is older, from a backup of the store, say.</summary>
    public void SetFound(string id, ProcessIdentity program) => database.Write(transaction => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = ?3, pid = ?4, pid_start = ?5, exit_code = NULL, finished = NULL, error = NULL WHERE id = ?1",
        id, nameof(ContainerState.Running), HostProcess.BootId, program.Pid, program.StartTime));

    /// <summary>Records a container that has ended, or never came to run, as it is now.</summary>
    public void SetEnded(ContainerRecord ended) => database.Write(transaction => transaction.Execute(
        "UPDATE container SET state = ?2, boot_id = NULL, pid = NULL, pid_start = NULL, exit_code = ?3, finished = ?4, error = ?5 WHERE id = ?1",
        ended.Id, ended.State.ToString(), ended.ExitCode, ended.FinishedAt?.ToUnixTimeMilliseconds(), ended.Error));

    /// <summary>Whether an address is of the network as it is now: after a boot it may have got another subnet.</summary>
    public bool IsOfNetwork(IPAddress address) => network.Subnet.Contains(address);

    /// <summary>Gives a container another address than it had: one that neither this store nor the host's other containers have.</summary>
    /// <exception cref="LayerImageException">AddressExhausted.</exception>
    public IPAddress ChangeAddress(string id, IReadOnlySet<IPAddress> othersAddresses) => database.Write(transaction =>
    {
        IPAddress address = FreeAddress(transaction, othersAddresses);
        transaction.Execute("UPDATE container SET address = ?2 WHERE id = ?1", id, address.ToString());
        return address;
    });

    /// <summary>Deletes a container's record and those of layers and blobs that were only its own.</summary>
    /// <param name="id">The container.</param>
    /// <param name="claim">Told, before the records are gone, the names of what they leave on the disk.</param>
    public (IReadOnlyList<(string Key, Digest DiffId)> Layers, IReadOnlyList<Digest> Blobs) Delete(string id, Action<IEnumerable<string>> claim) => database.Write(transaction =>
    {
        (List<(string Key, Digest DiffId)> layers, List<Digest> blobs) = Delete(transaction, id);
        claim([id, .. layers.Select(layer => layer.Key), .. blobs.Select(blob => blob.ToString())]);
        return (layers, blobs);
    });

    private static (List<(string Key, Digest DiffId)> Layers, List<Digest> Blobs) Delete(StoreTransaction transaction, string id)
    {
        List<(string Key, Digest DiffId)> layers = transaction.Query("SELECT layer, diff_id FROM container_layer JOIN layer ON layer.key = layer WHERE container = ?1",
            row => (row.GetString(0), Digest.Parse(row.GetString(1))), id);
        string? image = transaction.Scalar<string>("SELECT image FROM container WHERE id = ?1", id);
        transaction.Execute("DELETE FROM container WHERE id = ?1", id);
        HashSet<string> gone = [.. LayerStore.DeleteUnusedRecords(transaction, layers.Select(layer => layer.Key))];
        List<(string Key, Digest DiffId)> unused = layers.FindAll(layer => gone.Contains(layer.Key));
        if (image is null || transaction.Scalar<long>("SELECT count(*) FROM image WHERE id = ?1", image) > 0)
        {
            return (unused, []); // the image keeps the rest
        }
        // What an image that was removed with -Force left for this container: its configuration and its layers' blobs.
        List<(Digest Digest, long Size)> blobs = ContentStore.DeleteUnusedRecords(transaction, layers.SelectMany(layer => ContentStore.BlobsOf(transaction, layer.DiffId.ToString())).Append(image));
        return (unused, blobs.ConvertAll(blob => blob.Digest));
    }

    /// <summary>Gives a container another name.</summary>
    public void Rename(string id, string name)
    {
        ContainerNames.Check(name);
        database.Write(transaction =>
        {
            if (transaction.Scalar<string>("SELECT id FROM container WHERE name = ?1", name) is string other && other != id)
            {
                throw NameTaken(name, other);
            }
            return transaction.Execute("UPDATE container SET name = ?2 WHERE id = ?1", id, name);
        });
    }

    private static string FreeName(StoreTransaction transaction, string? wanted)
    {
        if (wanted is not null)
        {
            ContainerNames.Check(wanted);
            return transaction.Scalar<string>("SELECT id FROM container WHERE name = ?1", wanted) is string other ? throw NameTaken(wanted, other) : wanted;
        }
        for (int attempt = 0; ; attempt++)
        {
            string name = ContainerNames.MakeUp(attempt);
            if (transaction.Scalar<string>("SELECT id FROM container WHERE name = ?1", name) is null)
            {
                return name;
            }
        }
    }

    /// <summary>A name is another container's.</summary>
    public static LayerImageException NameTaken(string name, string other) => new(EngineError.NameInUse, $"The name '{name}' is taken by the container {other[..12]}.")
    { Target = name, Advice = $"Choose another name, or remove that one: Remove-LayerContainer {name}" };

    private IPAddress FreeAddress(StoreTransaction transaction, IEnumerable<IPAddress> othersAddresses)
    {
        List<string> used = transaction.Query("SELECT address FROM container WHERE address IS NOT NULL ORDER BY created", row => row.GetString(0));
        return AddressPool.Next(network.Subnet, used.Select(IPAddress.Parse).Concat(othersAddresses).ToHashSet(), used.Count > 0 ? IPAddress.Parse(used[^1]) : null);
    }

    private static ContainerRecord Read(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Name = row.GetString(1),
        CreatedAt = row.Time(2)!.Value,
        Spec = JsonSerializer.Deserialize(row.GetString(3), ContainerJsonContext.Default.ContainerSpec)!,
        Address = row.Text(4) is string address ? IPAddress.Parse(address) : null,
        State = row.GetString(5) == New ? ContainerState.Starting : Enum.Parse<ContainerState>(row.GetString(5)),
        IsNew = row.GetString(5) == New,
        BootId = row.Text(6),
        Pid = (int?)row.Long(7),
        PidStart = row.Long(8),
        StartedAt = row.Time(9),
        FinishedAt = row.Time(10),
        ExitCode = (int?)row.Long(11),
        Error = row.Text(12),
        Run = row.Text(13),
        Keeper = row.Text(14),
    };
}
