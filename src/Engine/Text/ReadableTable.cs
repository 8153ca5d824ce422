using System.Collections.ObjectModel;

namespace LayerImage.Engine.Text;

/// <summary>Texts by key that are, as text, what is in them: "key=value, key=value".</summary>
public sealed class ReadableTable : ReadOnlyDictionary<string, string>
{
    private ReadableTable(IDictionary<string, string> entries)
        : base(entries)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", this.Select(entry => $"{entry.Key}={entry.Value}"));

    internal static ReadableTable Of(IReadOnlyDictionary<string, string> entries) =>
        entries as ReadableTable ?? new ReadableTable(entries as IDictionary<string, string> ?? entries.ToDictionary());
}
