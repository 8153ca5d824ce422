namespace LayerImage.Engine.Store;

/// <summary>
/// A kind of thing that the store has. <see cref="StoreKinds"/> lists them; who asks what is needed, left over or lost goes by
/// that list. What is said in SQL here is composed once: see <see cref="ClaimQueries"/>.
/// </summary>
internal sealed class StoreKind
{
    /// <summary>What messages call one: "container".</summary>
    public required string Noun { get; init; }

    /// <summary>The table that has the kind's records.</summary>
    public required string Table { get; init; }

    /// <summary>The column by which one is known; its directory has that name.</summary>
    public string Key { get; init; } = "id";

    /// <summary>The column with what users call one; without it, they call it by its key.</summary>
    public string? Label { get; init; }

    /// <summary>The store's folder that has a directory for each; null: there are none.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Whether no directory is there without its record, so that one found so can go at once. Else whoever makes one holds a lock,
    /// and only who holds it, or is asked to, removes what has no record.
    /// </summary>
    public bool IsSwept { get; init; }

    /// <summary>
    /// An expression: what one does now ("Running", "mounted") that stands on the directories of the layers that it claims, which
    /// cannot be replaced under it; NULL for one at rest.
    /// </summary>
    public string Standing { get; init; } = "NULL";

    /// <summary>What a thing of this kind needs.</summary>
    public IReadOnlyList<StoreClaim> Claims { get; init; } = [];
}
