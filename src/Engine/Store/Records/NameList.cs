using System.Text.Json;

namespace LayerImage.Engine.Store;

/// <summary>Names that a statement asks for all at once: <c>IN (SELECT value FROM json_each(?1))</c>.</summary>
internal sealed class NameList(IEnumerable<string> names)
{
    /// <summary>What is put into a statement after the column.</summary>
    public const string In = "IN (SELECT value FROM json_each(?1))";

    /// <summary>The statement's parameter.</summary>
    public string Json { get; } = JsonSerializer.Serialize(names.ToArray(), StoreJsonContext.Default.StringArray);
}
