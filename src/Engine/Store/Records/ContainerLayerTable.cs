namespace LayerImage.Engine.Store;

/// <summary>The table <c>container_layer</c>: which layers containers stand on.</summary>
internal static class ContainerLayerTable
{
    /// <summary>A container's layers, the base first; with the history entry, as JSON, of those that were its upper directory.</summary>
    public static List<(string Key, string? History)> LayersOf(StoreTransaction transaction, string container) => transaction.Query(
        "SELECT layer, history FROM container_layer WHERE container = ?1 ORDER BY position", row => (row.GetString(0), row.Text(1)), container);

    /// <summary>The key of a container's top layer, or null.</summary>
    public static string? TopOf(StoreTransaction transaction, string container) =>
        transaction.Scalar<string>("SELECT layer FROM container_layer WHERE container = ?1 ORDER BY position DESC LIMIT 1", container);

    /// <summary>Records a layer of a new container.</summary>
    public static void Insert(StoreTransaction transaction, string container, int position, string key) =>
        transaction.Execute("INSERT INTO container_layer (container, position, layer) VALUES (?1, ?2, ?3)", container, position, key);

    /// <summary>Puts a layer on a container's layers that was its upper directory.</summary>
    public static void Append(StoreTransaction transaction, string container, string key, string history) => transaction.Execute(
        "INSERT INTO container_layer (container, position, layer, history) SELECT ?1, count(*), ?2, ?3 FROM container_layer WHERE container = ?1",
        container,
        key,
        history);
}
