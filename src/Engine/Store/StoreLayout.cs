using LayerImage.Engine.IO;

namespace LayerImage.Engine.Store;

/// <summary>Where everything of a store lies. See docs/design/store.md.</summary>
internal sealed class StoreLayout(EngineOptions options)
{
    /// <summary>The names of the folders of unpacked layers, of containers and of what mounted unions keep.</summary>
    public const string LayersFolder = "layers", ContainersFolder = "containers", MountsFolder = "mounts";

    public string Root => options.Root;

    public string Run => options.Run;

    public string Database => Path.Combine(Root, "state.db");

    public string Content => Path.Combine(Root, "content");

    public string Ingest => Path.Combine(Root, "ingest");

    public string Layers => Path.Combine(Root, LayersFolder);

    public string Containers => Path.Combine(Root, ContainersFolder);

    /// <summary>What unions that users mounted keep.</summary>
    public string Mounts => Path.Combine(Root, MountsFolder);

    public string Scratch => Path.Combine(Root, "scratch");

    /// <summary>What is in each layer that was looked at: see <c>LayerIndex</c>. It can be made again.</summary>
    public string Indexes => Path.Combine(Root, "index");

    /// <summary>Layers that were inflated to read a file of them. They can be made again.</summary>
    public string Cache => Path.Combine(Root, "cache");

    public string Locks => Path.Combine(Root, "locks");

    /// <summary>Room for what makes room: see <see cref="StoreReserve"/>.</summary>
    public string Reserve => Path.Combine(Root, "reserve");

    public string Blob(Oci.Digest digest) => Path.Combine(Content, "blobs", digest.Algorithm, digest.Hex);

    public string Partial(Oci.Digest digest) => Path.Combine(Ingest, digest.Hex);

    public string Layer(string key) => Path.Combine(Layers, key);

    public string Index(Oci.Digest diffId) => Path.Combine(Indexes, diffId.Hex);

    public string CachedTar(Oci.Digest diffId) => Path.Combine(Cache, diffId.Hex + ".tar");

    public string Container(string id) => Path.Combine(Containers, id);

    public string Upper(string id) => Path.Combine(Containers, id, "upper");

    public string Work(string id) => Path.Combine(Containers, id, "work");

    public string Merged(string id) => Path.Combine(Containers, id, "merged");

    public string Log(string id) => Path.Combine(Containers, id, "log");

    public string Etc(string id) => Path.Combine(Containers, id, "etc");

    /// <summary>The bundle of a container that runs: a short path, since conmon puts a Unix socket there.</summary>
    public string Bundle(string id) => Path.Combine(Run, "containers", id);

    public string Lock(string name) => Path.Combine(Locks, name);

    /// <summary>The folders that have a directory for each thing of these kinds, as far as they are there.</summary>
    public IEnumerable<string> FoldersOf(IEnumerable<StoreKind> kinds) =>
        kinds.Select(kind => kind.Folder).OfType<string>().Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists);

    /// <summary>Makes the folders. Idempotent.</summary>
    public void Create()
    {
        TrustedFolder.Claim(Root, "LAYERIMAGE_ROOT");
        TrustedFolder.Claim(Run, "LAYERIMAGE_RUN");
        TrustedFolder.Require(options.Configuration, "LAYERIMAGE_CONFIG");
        foreach (string folder in (string[])[
            Path.Combine(Content, "blobs", "sha256"),
            Path.Combine(Content, "blobs", "sha512"),
            Ingest,
            Layers,
            Containers,
            Scratch,
            Indexes,
            Cache,
            Locks,
        ])
        {
            HostFolder.Create(folder, $"The store's folder {folder} cannot be made", folder);
        }
        string marker = Path.Combine(Content, "oci-layout");
        if (!File.Exists(marker))
        {
            IO.AtomicFile.Write(marker, "{\"imageLayoutVersion\":\"1.0.0\"}"u8);
        }
        new StoreReserve(this).Fill();
    }
}
