using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Names in an image archive: brought into one form, and told apart from those of a root file system.</summary>
internal static class ArchiveNames
{
    public const string DockerManifest = "manifest.json", OciIndex = "index.json", OciLayout = "oci-layout";

    /// <summary>A name without "./", doubled and closing slashes; null when it leads out of the archive.</summary>
    /// <param name="name">The name.</param>
    /// <param name="folder">The folder that a relative name begins in; "" is the archive's root.</param>
    public static string? Normalize(string name, string folder = "")
    {
        List<string> parts = [.. folder.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                if (parts.Count == 0)
                {
                    return null;
                }
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part != ".")
            {
                parts.Add(part);
            }
        }
        return string.Join('/', parts);
    }

    /// <summary>The name of a blob in an OCI layout.</summary>
    public static string Blob(Oci.Digest digest) => $"blobs/{digest.Algorithm}/{digest.Hex}";

    /// <summary>The folder that a name is in.</summary>
    public static string FolderOf(string name) => name.LastIndexOf('/') is int slash and >= 0 ? name[..slash] : "";

    /// <summary>
    /// Whether the programs that write archives of images write such an entry. Others may be there all the same (ORAS's
    /// ingest/, the old refs/): every reader passes over them.
    /// </summary>
    public static bool FitsArchive(LayerNodeType type, string name)
    {
        string[] parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return type switch
        {
            LayerNodeType.Directory => parts switch
            {
                [] => true,
                [var folder] => folder == "blobs" || IsHex(folder),
                ["blobs", _] => true,
                _ => false,
            },
            LayerNodeType.File => parts switch
            {
                [_] => true,
                [_, "layer.tar" or "json" or "VERSION"] => true,
                ["blobs", _, _] => true,
                _ => false,
            },
            LayerNodeType.SymbolicLink or LayerNodeType.HardLink => parts is ["blobs", _, _] or [.., [.., '.', 't', 'a', 'r']],
            _ => false,
        };
    }

    /// <summary>Whether a name is in one of the folders that a root file system has and an archive of images has not.</summary>
    public static bool IsOfRootFileSystem(string name) =>
        name.Split('/', 2)[0] is "bin" or "boot" or "dev" or "etc" or "home" or "lib" or "lib64" or "nix" or "opt"
            or "proc" or "root" or "run" or "sbin" or "srv" or "sys" or "tmp" or "usr" or "var";

    /// <summary>Whether a name is one that layers and configurations have in an archive of images, and hardly any other file.</summary>
    public static bool IsBlob(string name) => name.Split('/') switch
    {
        [var file] => Path.GetExtension(file) is ".json" or ".tar" && IsHex(Path.GetFileNameWithoutExtension(file)),
        [var folder, "layer.tar"] => IsHex(folder),
        ["blobs", _, var file] => IsHex(file),
        _ => false,
    };

    private static bool IsHex(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
