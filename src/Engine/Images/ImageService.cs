using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Archives;
using LayerImage.Engine.Layers;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Images: received, found, imported, exported, tagged, removed.</summary>
public sealed partial class ImageService
{
    private readonly StoreDatabase _database;
    private readonly LayerStore _layers;
    private readonly ImageCatalog _catalog;
    private readonly ImageReceiver _receiver;
    private readonly ImageUnpacker _unpacker;
    private readonly PullPlanner _planner;
    private readonly ImageImporter _importer;
    private readonly ImageRemover _remover;
    private readonly RegistryConnector _registries;
    private readonly ImageSender _sender;
    private readonly ImageExporter _exporter;
    private readonly TimeProvider _clock;

    internal ImageService(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, RegistryConnector registries, TimeProvider clock)
    {
        _database = database;
        _layers = layers;
        _registries = registries;
        _clock = clock;
        _catalog = new ImageCatalog(layout, database, content);
        StackMaker stacks = new(layout, layers, content);
        ImageAssembler assembler = new(layout, database, stacks, content, _catalog, clock);
        _unpacker = new ImageUnpacker(layout, database, stacks, content, _catalog);
        _planner = new PullPlanner(registries, layout, database, layers, content);
        _receiver = new ImageReceiver(registries, assembler, _catalog, content, clock);
        _importer = new ImageImporter(
            layout,
            new RootFileSystemImporter(database, layers, content, _catalog, clock),
            new ArchiveImporter(layers, content, assembler));
        _remover = new ImageRemover(layout, database, layers, content, new Mounting.UnionMountRecords(layout, database, layers));
        LayerPacker packer = new(layout, database, layers, content, _catalog);
        _sender = new ImageSender(layout, database, content, registries, packer, clock);
        _exporter = new ImageExporter(layers, content, packer);
    }

    /// <summary>All images, the newest first.</summary>
    public IReadOnlyList<Image> List() => _catalog.List();

    /// <summary>What a text names: a reference (without a tag: every tag), an id, a digest, or a unique beginning of one. Empty when nothing.</summary>
    public IReadOnlyList<Image> Find(string text) => _catalog.Find(text);

    /// <summary>The one image that a text names, <c>:latest</c> when it has no tag.</summary>
    /// <exception cref="LayerImageException">ImageNotFound, ReferenceInvalid or AmbiguousId.</exception>
    public Image Get(string text) => _catalog.Get(text);

    /// <summary>Receives an image from its registry. Idempotent.</summary>
    public Task<Image> ReceiveAsync(string reference, ReceiveOptions options, IEngineObserver observer, CancellationToken cancellationToken) =>
        _receiver.ReceiveAsync(ImageReference.Parse(reference), options, observer, cancellationToken);

    /// <summary>What receiving an image would do, layer by layer. Asks the registry; nothing changes.</summary>
    public Task<PullPlan> PlanAsync(string reference, ReceiveOptions options, CancellationToken cancellationToken) =>
        _planner.PlanAsync(ImageReference.Parse(reference), options, cancellationToken);

    /// <summary>The image for a container, unpacked: from the store, or from its registry as the policy says.</summary>
    public async Task<Image> GetForContainerAsync(string text, PullPolicy policy, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Image image = await GetOrReceiveAsync(text, policy, observer, cancellationToken).ConfigureAwait(false);
        return Used(await _unpacker.UnpackAsync(image, observer, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// The image for a container as the store has it, or null when it would be received. Changes nothing; the registry is asked
    /// for one that is not here.
    /// </summary>
    /// <exception cref="LayerImageException">ImageNotFound, or the registry's failure.</exception>
    public async Task<Image?> FindForContainerAsync(string text, PullPolicy policy, CancellationToken cancellationToken)
    {
        bool isReference = ImageReference.TryParse(text, out _) && !ImageCatalog.IsWholeId(text);
        if (policy is PullPolicy.Missing or PullPolicy.Never || !isReference)
        {
            try
            {
                return _catalog.Get(text);
            }
            catch (LayerImageException e) when (e.Error == EngineError.ImageNotFound && policy == PullPolicy.Missing && isReference)
            {
                // As the run does, it is asked for where it is received from.
                _ = await SayNotHereAsync(text, PlanAsync(text, new ReceiveOptions { Policy = policy }, cancellationToken)).ConfigureAwait(false);
                return null;
            }
        }
        _ = await PlanAsync(text, new ReceiveOptions { Policy = policy }, cancellationToken).ConfigureAwait(false);
        return null;
    }

    // Who mistyped a name hears of a registry, and has not asked for one.
    private static async Task<T> SayNotHereAsync<T>(string text, Task<T> receiving)
    {
        try
        {
            return await receiving.ConfigureAwait(false);
        }
        catch (LayerImageException e)
            when (e.Error is EngineError.RegistryUnreachable
                or EngineError.RegistryImageNotFound
                or EngineError.RegistryUnauthorized
                or EngineError.RegistryProtocolError
                or EngineError.RegistryBlocked)
        {
            throw new LayerImageException(e.Error, $"There is no image '{text}' here, and it was not received: {e.Message}", e)
            { Target = e.Target, Advice = $"Get-LayerImage lists the images that are here. {e.Advice}".TrimEnd() };
        }
    }

    private async Task<Image> GetOrReceiveAsync(string text, PullPolicy policy, IEngineObserver observer, CancellationToken cancellationToken)
    {
        bool isReference = ImageReference.TryParse(text, out ImageReference? reference) && !ImageCatalog.IsWholeId(text);
        if (policy is PullPolicy.Missing or PullPolicy.Never || !isReference)
        {
            try
            {
                return _catalog.Get(text);
            }
            catch (LayerImageException e) when (e.Error == EngineError.ImageNotFound && policy == PullPolicy.Missing && isReference)
            {
                observer.Verbose($"{text} is not in the store; it is received.");
                return await SayNotHereAsync(
                    text,
                    _receiver.ReceiveAsync(reference!, new ReceiveOptions { Policy = policy }, observer, cancellationToken)).ConfigureAwait(false);
            }
        }
        return await _receiver.ReceiveAsync(reference!, new ReceiveOptions { Policy = policy }, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The tags of an image that a user's text means: the one that it names, else all.</summary>
    public string[] TagsMeant(Image image, string? text) =>
        text is not null
            && ImageReference.TryParse(text, out ImageReference? reference)
            && reference!.WithDefaultTag().Familiar is string tag
            && image.Tags.Contains(tag)
            ? [tag]
            : [.. image.Tags];

    /// <summary>
    /// Sends an image to registries. Idempotent: what is there is not sent again, what broke is gone on with. Each name
    /// gives a result as soon as its manifest is there.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="destinations">Names to send it under, <c>:latest</c> without a tag; none for the image's own tags.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Hears of progress.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="LayerImageException">ReferenceInvalid, a registry's error, LayerCorrupt or DiskFull.</exception>
    public IAsyncEnumerable<SentImage> SendAsync(
        Image image,
        IReadOnlyList<string> destinations,
        SendOptions options,
        IEngineObserver observer,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = destinations.Count > 0 ? destinations : image.Tags;
        return names.Count == 0
            ? throw new LayerImageException(EngineError.ReferenceInvalid, $"The image {image.Reference} has no tag that says where to send it.")
            {
                Target = image.Reference,
                Advice = "Give -Destination registry/repository:tag.",
            }
            : _sender.SendAsync(image, [.. names.Select(name => ImageReference.Parse(name).WithDefaultTag())], options, observer, cancellationToken);
    }

    /// <summary>
    /// Imports what a file or folder holds, by its content: the images of a docker archive, an OCI archive or an OCI layout
    /// folder, each as soon as it is in; or an image of one layer of a root file system, a folder or a tar.
    /// </summary>
    /// <exception cref="LayerImageException">PathInvalid, ManifestInvalid, LayerInvalid, LayerNotFound, DigestMismatch, ToolMissing and others.</exception>
    public IAsyncEnumerable<Image> ImportAsync(string path, ImportOptions options, IEngineObserver observer, CancellationToken cancellationToken) =>
        _importer.ImportAsync(path, options, observer, cancellationToken);

    /// <summary>Imports what holds one image. See the other form.</summary>
    public async Task<Image> ImportAsync(string path, string? reference, string? message, CancellationToken cancellationToken)
    {
        Image? last = null;
        await foreach (Image image in _importer.ImportAsync(
            path,
            new ImportOptions { Reference = reference, Message = message },
            SilentObserver.Instance,
            cancellationToken).ConfigureAwait(false))
        {
            last = image;
        }
        return last!;
    }

    /// <summary>Writes images into one archive or folder that other tools read. Nothing is left of it when it fails.</summary>
    /// <returns>What was written: a file, or a folder.</returns>
    /// <exception cref="LayerImageException">PathInvalid: it exists; LayerCorrupt: the store is damaged; DiskFull.</exception>
    public Task<FileSystemInfo> ExportAsync(
        IReadOnlyList<ImageToExport> images,
        string path,
        ExportOptions options,
        IEngineObserver observer,
        CancellationToken cancellationToken) =>
        _exporter.ExportAsync(images, path, options, observer, cancellationToken);

    /// <summary>Fails as <see cref="ExportAsync"/> would when something is in the way.</summary>
    public static void CheckExport(string path, ExportOptions options) => ImageExporter.Check(path, options);

    /// <summary>Fails as <see cref="ImportAsync(string, ImportOptions, IEngineObserver, CancellationToken)"/> would before it reads anything.</summary>
    public static void CheckImport(string path, ImportOptions options) => ImageImporter.Check(path, options);

    /// <summary>An image's file system, to compare it with another. Its layers are unpacked where they are not yet.</summary>
    /// <exception cref="LayerImageException">NotPrivileged: they are not unpacked, and this process cannot do it.</exception>
    public async Task<LayerStack> GetTreeAsync(Image image, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Image unpacked = await _unpacker.UnpackAsync(image, observer, cancellationToken).ConfigureAwait(false);
        if (unpacked.Layers.Count == 0)
        {
            throw new LayerImageException(EngineError.ManifestNotSupported,
                $"The image {image.Reference} has no layers, and so no files.") { Target = image.Reference };
        }
        return new LayerStack(
            image.Reference,
            null,
            [.. unpacked.Layers.Reverse().Select(layer => layer.Path!)],
            _layers.RootOf([.. unpacked.Layers.Select(layer => Path.GetFileName(layer.Path!))]));
    }

    internal Image? FindExact(string id) => _catalog.FindExact(id);
}
