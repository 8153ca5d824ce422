namespace LayerImage.Engine.Images.Archives;

/// <summary>A file of an archive that is to be written.</summary>
/// <param name="Size">Its bytes; null when they are known only after it is written.</param>
/// <param name="WriteAsync">Writes and checks it.</param>
internal sealed record ArchiveItem(long? Size, Func<Stream, CancellationToken, Task> WriteAsync);

/// <summary>All files of an archive, in the order in which they are written.</summary>
internal sealed class ArchivePlan
{
    private readonly SortedDictionary<string, ArchiveItem> _items = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, ArchiveItem>> Items => _items;

    /// <summary>Adds a file to the plan, unless one of that name is there.</summary>
    public void Add(string name, long? size, Func<Stream, CancellationToken, Task> write) => _items.TryAdd(name, new ArchiveItem(size, write));

    /// <summary>Adds a small file, once.</summary>
    public void Add(string name, byte[] bytes) => Add(name, bytes.Length, (stream, token) => stream.WriteAsync(bytes, token).AsTask());
}
