namespace LayerImage.Engine.Store;

/// <summary>The table <c>mount_layer</c>: which layers mounts need.</summary>
internal static class MountLayerTable
{
    /// <summary>Records a layer that a mount needs.</summary>
    public static void Insert(StoreTransaction transaction, string mount, string key) =>
        transaction.Execute("INSERT INTO mount_layer (mount, layer) VALUES (?1, ?2)", mount, key);

    /// <summary>Lets go of the layers of a mount that is gone.</summary>
    public static void Release(StoreTransaction transaction, string mount) => transaction.Execute("DELETE FROM mount_layer WHERE mount = ?1", mount);
}
