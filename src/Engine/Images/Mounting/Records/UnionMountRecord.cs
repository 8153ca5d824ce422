using LayerImage.Engine.IO;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;

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
    public required UnionMount Mount { get; init; }

    public string BootId { get; init; } = HostProcess.BootId;

    public string Namespace { get; init; } = MountNamespace.Own;

    public MadeForMount Made { get; init; }

    /// <summary>By what mountinfo shows it wherever it is: who renames a folder on the way moves it.</summary>
    public string Source => $"{OverlayMountDriver.Source}:{Mount.Id}";

    /// <summary>Whether the changes are in the store and not in a folder of the user's.</summary>
    public bool KeepsChanges => Made.HasFlag(MadeForMount.UpperDir);

    public static List<UnionMountRecord> List(StoreTransaction transaction) => MountTable.List(transaction).ConvertAll(Read);

    /// <summary>Writes it with the layers that must stay.</summary>
    public void Insert(StoreTransaction transaction, IEnumerable<string> layers)
    {
        MountTable.Insert(transaction, new MountRow
        {
            Id = Mount.Id,
            Path = Mount.Merged,
            Image = Mount.ImageId,
            Reference = Mount.Reference,
            BootId = BootId,
            Namespace = Namespace,
            Lower = Mount.LowerDirs,
            Upper = Mount.UpperDir,
            Work = Mount.WorkDir,
            Made = (int)Made,
            Since = Mount.MountedAt,
            IsMounted = true,
        });
        foreach (string layer in layers.Distinct())
        {
            if (!LayerTable.Exists(transaction, layer))
            {
                throw LayerStore.Missing(layer);
            }
            MountLayerTable.Insert(transaction, Mount.Id, layer);
        }
    }

    private static UnionMountRecord Read(MountRow row) => new()
    {
        Mount = new UnionMount
        {
            Id = row.Id,
            Merged = row.Path,
            ImageId = row.Image,
            Reference = row.Reference,
            LowerDirs = row.Lower,
            UpperDir = row.Upper,
            WorkDir = row.Work,
            MountedAt = row.Since,
            IsMounted = row.IsMounted,
        },
        BootId = row.BootId,
        Namespace = row.Namespace,
        Made = (MadeForMount)row.Made,
    };
}
