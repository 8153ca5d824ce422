namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// The files of an image archive by the names that it gives them, "blobs/sha256/…" or "manifest.json". A name is a key
/// and nothing else: none is ever joined to a path of the host.
/// </summary>
internal interface IArchiveFiles : IDisposable
{
    /// <summary>Bytes of a file, or null when the archive has none of that name.</summary>
    long? Find(string name);

    /// <summary>Reads a file that <see cref="Find"/> found. Any number of files at once.</summary>
    Stream Open(string name);
}
