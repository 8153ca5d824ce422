using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Firewall;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.IO;
using LayerImage.Engine.Maintenance;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Network;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Registry.Credentials;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.Store;

namespace LayerImage.Engine;

/// <summary>
/// An engine over one store. Any number of engines, in any number of processes, work on the same store at once.
/// Making one is cheap; it holds no handle, no lock and no background work.
/// </summary>
public sealed class LayerImageEngine
{
    private readonly StoreLayout _layout;
    private readonly StoreDatabase _database;

    /// <summary>Opens the store, making it when it is not there.</summary>
    /// <exception cref="LayerImageException">StoreNotSupported, NotPrivileged or DiskFull.</exception>
    public LayerImageEngine(EngineOptions options)
        : this(options, ClaimQueries.Standard)
    {
    }

    /// <summary>The same for a store that has these kinds of things.</summary>
    internal LayerImageEngine(EngineOptions options, ClaimQueries claims)
    {
        Options = options;
        FileSizeLimit.MakeAnError();
        StoreLayout layout = _layout = new(options);
        layout.Create();
        StoreDatabase database = _database = StoreDatabase.Open(layout.Database, claims);
        LayerStore layers = new(layout, database);
        ContentStore content = new(layout, database);
        RegistryEnvironment environment = new(options.Configuration, options.EnvironmentVariable);
        LoginStore logins = new(environment, Path.Combine(options.Run, "logins.lock"));
        RegistryConnector registries = new(environment, logins, options.Clock);
        Registries = new RegistryService(registries, logins);
        Images = new ImageService(layout, database, layers, content, registries, options.Clock);
        Store = new LayerStoreService(layout, database, layers, content, Images, registries, options.Clock);
        Mounts = new UnionMountService(layout, database, layers, Images, new OverlayMountDriver(), options.Clock);
        Firewall = HostFirewalls.Open(options);
        NetworkOptions network = NetworkOptions.For(options);
        ContainerRecords records = new(database, network, options.Run);
        Lazy<CgroupLayout> cgroups = new(CgroupLayout.Read);
        Containers = new ContainerService(
            options,
            layout,
            Images,
            layers,
            content,
            records,
            new ContainerHosts(options.Run, cgroups, run => OpenHost(options with { Run = run }, cgroups.Value)));
        Commits = new CommitService(
            Containers,
            new ContainerCommitter(layout, database, layers, content, Images, records, new ContainerFiles(layout, layers), options.Clock));
        HostPorts = new HostPortService(Firewall, records, Containers.Network.TryRestore);
        Browser = LayerImageBrowser.Of(layout, database, layers, content, options.LayerCacheBytes, new ContainerTrees(layout, layers, records).List);
    }

    /// <summary>The folders and settings that the engine was opened with.</summary>
    public EngineOptions Options { get; }

    /// <summary>The images of the store: received, sent, imported, exported, removed.</summary>
    public ImageService Images { get; }

    /// <summary>The files in images, layers and containers.</summary>
    public LayerImageBrowser Browser { get; }

    /// <summary>Images and folders united at a path.</summary>
    public UnionMountService Mounts { get; }

    /// <summary>The user's log-ins at registries.</summary>
    public RegistryService Registries { get; }

    /// <summary>The store as a whole: its sizes, checks, repairs and clearing.</summary>
    public LayerStoreService Store { get; }

    /// <summary>The containers: made, started, stopped, removed.</summary>
    public ContainerService Containers { get; }

    /// <summary>Makes images of containers' changes.</summary>
    public CommitService Commits { get; }

    /// <summary>The host's firewall: firewalld where it has the host, else the module's own.</summary>
    public IHostFirewall Firewall { get; }

    /// <summary>Who has a port of the host.</summary>
    public HostPortService HostPorts { get; }

    /// <summary>
    /// Removes from the store what killed processes left there, as far as that can be done: a store that cannot be
    /// written is left alone. Cheap when there is nothing; for a session to call once at its beginning.
    /// </summary>
    public void RemoveLeftovers()
    {
        try
        {
            StoreLeftovers.Remove(_layout, _database);
        }
        catch (Exception e) when (e is LayerImageException or IOException or UnauthorizedAccessException)
        {
            // Nobody asked for this: what the user asked for says what is wrong with the store.
        }
    }

    private HostDrivers OpenHost(EngineOptions options, CgroupLayout cgroups)
    {
        TrustedFolder.Require(options.Run, "LAYERIMAGE_RUN");
        return new HostDrivers
        {
            Paths = new RuntimePaths(options.Run),
            Mounts = new OverlayMountDriver(),
            Network = new BridgeNetwork(NetworkOptions.For(options)),
            Runtime = new CrunRuntime(options, cgroups),
            HostPorts = new FirewallOpener(Firewall),
        };
    }
}
