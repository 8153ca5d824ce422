namespace LayerImage.Engine.Store;

/// <summary>Where the records say that a thing needs another: a column that names what is needed, and one that names who needs it.</summary>
/// <param name="On">What kind of thing is needed: a layer, a blob or an image.</param>
/// <param name="From">The table, or several of them joined.</param>
/// <param name="Name">The column, or the expression with an index, that names what is needed. Null there claims nothing.</param>
/// <param name="By">The column that names who needs it, by the key of its kind.</param>
internal sealed record StoreClaim(StoreKind On, string From, string Name, string By)
{
    /// <summary>The condition under which a row claims; null: always.</summary>
    public string? When { get; init; }

    /// <summary>Of a claim on a layer: the column with its DiffID, where the table has it. Its index and its inflated tar stay as long, too.</summary>
    public string? DiffId { get; init; }

    /// <summary>Whether what is named must be here, so that its loss is told. Else it is kept where it is, and missed by nobody.</summary>
    public bool IsRequired { get; init; } = true;
}
