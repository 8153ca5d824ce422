using System.Net;
using System.Text.Json;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.Network;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Containers;

/// <summary>Containers in the store's records.</summary>
/// <param name="database">The store's records.</param>
/// <param name="network">Where addresses are taken from.</param>
/// <param name="run">This session's run folder: that of what it starts.</param>
internal sealed class ContainerRecords(StoreDatabase database, NetworkOptions network, string run)
{
    /// <summary>See <see cref="StoreDatabase.KeepOpen"/>.</summary>
    public IDisposable KeepOpen() => database.KeepOpen();

    /// <summary>All of them, the newest first.</summary>
    public List<ContainerRecord> List() => database.Read(transaction => ContainerTable.List(transaction).ConvertAll(Read));

    /// <summary>By exact id.</summary>
    public ContainerRecord? Find(string id) => database.Read(transaction => ContainerTable.Find(transaction, id) is ContainerRow row ? Read(row) : null);

    /// <summary>By exact name.</summary>
    public ContainerRecord? FindByName(string name) => database.Read(transaction => ContainerTable.FindByName(transaction, name) is ContainerRow row ? Read(row) : null);

    /// <summary>By name, else by id or a unique beginning of one.</summary>
    /// <exception cref="LayerImageException">ContainerNotFound or AmbiguousId.</exception>
    public ContainerRecord Get(string text) => database.Read(transaction =>
    {
        if (ContainerTable.FindByName(transaction, text) is ContainerRow named)
        {
            return Read(named);
        }
        List<ContainerRow> byId = IdPrefix.OfContainer(text) is string prefix ? ContainerTable.FindByPrefix(transaction, prefix) : [];
        return byId.Count switch
        {
            1 => Read(byId[0]),
            0 => throw NotFound(text),
            _ => throw new LayerImageException(EngineError.AmbiguousId, $"'{text}' fits {byId.Count} containers: {string.Join(", ", byId.Take(5).Select(row => row.Name))}.") { Target = text, Advice = "Give more digits of the id, or the name." },
        };
    });

    /// <summary>What is said of a container that is not there. Containers are root's, and nobody else sees root's store.</summary>
    public static LayerImageException NotFound(string text) => new(EngineError.ContainerNotFound, $"There is no container '{text}'{(Environment.IsPrivilegedProcess ? "" : " of this user's")}.")
    {
        Target = text,
        Advice = Environment.IsPrivilegedProcess ? "Get-Container lists the containers." : "Containers need root, and root's are seen by root only: start PowerShell as root (sudo).",
    };

    /// <summary>What is said of a container that was there a moment ago.</summary>
    public static LayerImageException Gone(string text) => NotFound(text.Length == 64 ? text[..12] : text);

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
        if (!ImageTable.Exists(transaction, spec.ImageId) || layers.Any(layer => !LayerTable.Exists(transaction, layer)))
        {
            throw new LayerImageException(EngineError.ImageNotFound, $"The image {spec.Image} was removed meanwhile.") { Target = spec.Image, Advice = "Receive it again." };
        }
        ContainerRecord record = new()
        {
            Id = id,
            Name = FreeName(transaction, name),
            CreatedAt = now,
            Spec = spec,
            Address = spec.Network == NetworkMode.Bridge ? FreeAddress(transaction, []) : null,
            State = ContainerState.Starting,
            IsNew = true,
        };
        ContainerTable.Insert(transaction, new ContainerRow
        {
            Id = id,
            Name = record.Name,
            Image = spec.ImageId,
            Created = now,
            Spec = Write(spec),
            Address = record.Address?.ToString(),
            State = RecordedState.New,
        });
        ContainerTable.SetStarting(transaction, id, run);
        for (int i = 0; i < layers.Count; i++)
        {
            ContainerLayerTable.Insert(transaction, id, i, layers[i]);
        }
        return record;
    });

    /// <summary>The keys of a container's layers, the base first.</summary>
    public IReadOnlyList<string> LayersOf(string id) => database.Read(transaction => ContainerLayerTable.LayersOf(transaction, id)).ConvertAll(layer => layer.Key);

    /// <summary>A container's layers, with those apart that were its upper directory.</summary>
    public ContainerStack StackOf(string id)
    {
        List<(string Key, string? History)> all = database.Read(transaction => ContainerLayerTable.LayersOf(transaction, id));
        return new ContainerStack(
            [.. all.Where(layer => layer.History is null).Select(layer => layer.Key)],
            [.. all.Where(layer => layer.History is not null).Select(layer => new OwnLayer(layer.Key, JsonSerializer.Deserialize(layer.History!, OciJsonContext.Default.HistoryEntry)!))]);
    }

    /// <summary>See <see cref="UpperHandover.Reconcile"/>.</summary>
    public void SettleUpper(string id, StoreLayout layout) => UpperHandover.Reconcile(database, layout, id);

    /// <summary>Puts a layer that was the container's upper directory on its layers.</summary>
    public static void AddOwnLayer(StoreTransaction transaction, string id, OwnLayer layer) =>
        ContainerLayerTable.Append(transaction, id, layer.Key, JsonSerializer.Serialize(layer.History, OciJson.Wire.HistoryEntry));

    /// <summary>Records that this process starts a container now.</summary>
    public void SetStarting(string id) => database.Write(transaction => ContainerTable.SetStarting(transaction, id, run));

    /// <summary>Records that this process stops a container to start it again: its end is not the end of one that removes itself.</summary>
    public void Keep(string id) => database.Write(transaction => ContainerTable.SetKeeper(transaction, id, HostProcess.Stamp));

    /// <summary>Records that nobody keeps a container any more.</summary>
    public void Unkeep(string id) => database.Write(transaction => ContainerTable.SetKeeper(transaction, id, null));

    /// <summary>Records what a start has decided, before the host knows of it: who cleans up after it must know too.</summary>
    public void SetSpec(string id, ContainerSpec spec) => database.Write(transaction => ContainerTable.SetSpec(transaction, id, Write(spec)));

    /// <summary>Records a container that runs now.</summary>
    public void SetRunning(string id, ContainerSpec spec, int pid, long pidStart, DateTimeOffset now) =>
        database.Write(transaction => ContainerTable.SetRunning(transaction, id, Write(spec), pid, pidStart, now));

    /// <summary>Records that a container whose record said otherwise runs: its record is older, from a backup of the store, say.</summary>
    public void SetFound(string id, ProcessIdentity program) => database.Write(transaction => ContainerTable.SetFound(transaction, id, program.Pid, program.StartTime));

    /// <summary>Records a container that has ended, or never came to run, as it is now.</summary>
    public void SetEnded(ContainerRecord ended) =>
        database.Write(transaction => ContainerTable.SetEnded(transaction, ended.Id, ToRecorded(ended.State), ended.ExitCode, ended.FinishedAt, ended.Error));

    /// <summary>Whether an address is of the network as it is now: after a boot it may have got another subnet.</summary>
    public bool IsOfNetwork(IPAddress address) => network.Subnet.Contains(address);

    /// <summary>Gives a container another address than it had: one that neither this store nor the host's other containers have.</summary>
    /// <exception cref="LayerImageException">AddressExhausted.</exception>
    public IPAddress ChangeAddress(string id, IReadOnlySet<IPAddress> othersAddresses) => database.Write(transaction =>
    {
        IPAddress address = FreeAddress(transaction, othersAddresses);
        ContainerTable.SetAddress(transaction, id, address.ToString());
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
        List<(string Key, Digest DiffId)> layers = Reachability.LayersOf(transaction, StoreKinds.Container, id);
        // What an image that was removed with -Force left for this container: its configuration and its layers' blobs. One that is here keeps them.
        List<string> left = ContainerTable.Find(transaction, id) is ContainerRow row && !ImageTable.Exists(transaction, row.Image) ? Reachability.BlobsOf(transaction, StoreKinds.Container, id) : [];
        ContainerTable.Delete(transaction, id);
        HashSet<string> gone = [.. Reachability.DeleteUnusedLayers(transaction, layers.Select(layer => layer.Key))];
        List<(Digest Digest, long Size)> blobs = Reachability.DeleteUnusedBlobs(transaction, left);
        return (layers.FindAll(layer => gone.Contains(layer.Key)), blobs.ConvertAll(blob => blob.Digest));
    }

    /// <summary>Gives a container another name.</summary>
    public void Rename(string id, string name)
    {
        ContainerNames.Check(name);
        database.Write(transaction =>
        {
            if (ContainerTable.OwnerOf(transaction, name) is string other && other != id)
            {
                throw NameTaken(name, other);
            }
            ContainerTable.Rename(transaction, id, name);
        });
    }

    private static string FreeName(StoreTransaction transaction, string? wanted)
    {
        if (wanted is not null)
        {
            ContainerNames.Check(wanted);
            return ContainerTable.OwnerOf(transaction, wanted) is string other ? throw NameTaken(wanted, other) : wanted;
        }
        for (int attempt = 0; ; attempt++)
        {
            string name = ContainerNames.MakeUp(attempt);
            if (ContainerTable.OwnerOf(transaction, name) is null)
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
        List<string> used = ContainerTable.Addresses(transaction);
        return AddressPool.Next(network.Subnet, used.Select(IPAddress.Parse).Concat(othersAddresses).ToHashSet(), used.Count > 0 ? IPAddress.Parse(used[^1]) : null);
    }

    private static string Write(ContainerSpec spec) => JsonSerializer.Serialize(spec, ContainerJsonContext.Default.ContainerSpec);

    private static ContainerRecord Read(ContainerRow row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        CreatedAt = row.Created,
        Spec = JsonSerializer.Deserialize(row.Spec, ContainerJsonContext.Default.ContainerSpec)!,
        Address = row.Address is string address ? IPAddress.Parse(address) : null,
        State = ToState(row.State),
        IsNew = row.State == RecordedState.New,
        BootId = row.BootId,
        Pid = row.Pid,
        PidStart = row.PidStart,
        StartedAt = row.Started,
        FinishedAt = row.Finished,
        ExitCode = row.ExitCode,
        Error = row.Error,
        Run = row.Run,
        Keeper = row.Keeper,
    };

    private static ContainerState ToState(RecordedState state) => state switch
    {
        RecordedState.Created => ContainerState.Created,
        RecordedState.New or RecordedState.Starting => ContainerState.Starting,
        RecordedState.Running => ContainerState.Running,
        RecordedState.Paused => ContainerState.Paused,
        _ => ContainerState.Exited,
    };

    private static RecordedState ToRecorded(ContainerState state) => state switch
    {
        ContainerState.Created => RecordedState.Created,
        ContainerState.Starting => RecordedState.Starting,
        ContainerState.Running => RecordedState.Running,
        ContainerState.Paused => RecordedState.Paused,
        _ => RecordedState.Exited,
    };
}
