using System.Collections.ObjectModel;

namespace LayerImage.Engine.Text;

/// <summary>
/// A list that is, as text, what is in it. Of the lists that a collection expression makes, Export-Csv writes the
/// compiler's name for their type; of arrays and List, theirs.
/// </summary>
/// <typeparam name="T">What is in it.</typeparam>
public sealed class ReadableList<T> : ReadOnlyCollection<T>
{
    internal static readonly ReadableList<T> None = new([]);

    /// <summary>Makes one over a list, which stays as it is.</summary>
    public ReadableList(IList<T> items)
        : base(items)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", this);
}

/// <summary>Makes readable lists.</summary>
internal static class ReadableList
{
    public static IReadOnlyList<T> None<T>() => ReadableList<T>.None;

    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> items) =>
        items.Count == 0 ? ReadableList<T>.None : items as ReadableList<T> ?? new ReadableList<T>(items as IList<T> ?? [.. items]);
}
