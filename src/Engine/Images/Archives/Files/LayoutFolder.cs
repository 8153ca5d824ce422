using LayerImage.Engine.Oci;

namespace LayerImage.Engine.Images.Archives;

/// <summary>An OCI image layout in a folder. Only its own documents and blobs by digest are ever asked of it.</summary>
internal sealed class LayoutFolder(string folder) : IArchiveFiles
{
    /// <summary>Whether a folder is an OCI image layout, and not a root file system.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, ArchiveNames.OciIndex))
        && (File.Exists(Path.Combine(folder, ArchiveNames.OciLayout)) || Directory.Exists(Path.Combine(folder, "blobs")));

    public long? Find(string name) => PathOf(name) is string path && new FileInfo(path) is { Exists: true } file ? file.Length : null;

    public Stream Open(string name) =>
        new FileStream(
            PathOf(name) ?? throw new FileNotFoundException(null, name),
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            0,
            FileOptions.Asynchronous | FileOptions.SequentialScan);

    public void Dispose()
    {
    }

    private string? PathOf(string name) => name switch
    {
        ArchiveNames.OciIndex or ArchiveNames.OciLayout => Path.Combine(folder, name),
        _ when name.Split('/') is ["blobs", var algorithm, var hex] && Digest.TryParse($"{algorithm}:{hex}", out Digest digest) =>
            Path.Combine(folder, "blobs", digest.Algorithm, digest.Hex),
        _ => null,
    };
}
