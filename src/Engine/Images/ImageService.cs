using LayerImage.Engine.Content;
using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Store;

namespace LayerImage.Engine.Images;

/// <summary>Images: received, found, imported, exported, tagged, removed.</summary>
public sealed partial class ImageService
{
    private readonly StoreDatabase _database;
    private readonly ImageCatalog _catalog;
    private readonly ImageReceiver _receiver;
    private readonly ImageUnpacker _unpacker;
    private readonly ImageImporter _importer;
    private readonly ImageRemover _remover;
    private readonly OciLayoutExporter _exporter;
    private readonly RegistryConnector _registries;
    private readonly TimeProvider _clock;

    internal ImageService(StoreLayout layout, StoreDatabase database, LayerStore layers, ContentStore content, RegistryConnector registries, TimeProvider clock)
    {
        _database = database;
        _registries = registries;
        _clock = clock;
        _catalog = new ImageCatalog(layout, database, content);
        LayerStackReceiver stacks = new(layout, layers, content);
        ImageAssembler assembler = new(layout, database, stacks, content, _catalog, clock);
        _unpacker = new ImageUnpacker(database, stacks, content, _catalog);
        _receiver = new ImageReceiver(registries, assembler, _catalog, clock);
        _importer = new ImageImporter(layout, database, layers, content, _catalog, clock);
        _remover = new ImageRemover(database, layers, content);
        _exporter = new OciLayoutExporter(layers, content);
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

    /// <summary>The image for a container, unpacked: from the store, or from its registry as the policy says.</summary>
    public async Task<Image> GetForContainerAsync(string text, PullPolicy policy, IEngineObserver observer, CancellationToken cancellationToken)
    {
        Image image = await GetOrReceiveAsync(text, policy, observer, cancellationToken).ConfigureAwait(false);
        return Used(await _unpacker.UnpackAsync(image, observer, cancellationToken).ConfigureAwait(false));
    }

    private async Task<Image> GetOrReceiveAsync(string text, PullPolicy policy, IEngineObserver observer, CancellationToken cancellationToken)
    {
        bool isReference = ImageReference.TryParse(text, out ImageReference? reference);
        if (policy is PullPolicy.Missing or PullPolicy.Never || !isReference)
        {
            try
            {
                return _catalog.Get(text);
            }
            catch (LayerImageException e) when (e.Error == EngineError.ImageNotFound && policy == PullPolicy.Missing && isReference)
            {
                observer.Verbose($"{text} is not in the store; it is received.");
            }
        }
        return await _receiver.ReceiveAsync(reference!, new ReceiveOptions { Policy = policy }, observer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes an image of a root file system: a folder, or a tar with any compression.</summary>
    public Task<Image> ImportAsync(string path, string? reference, string? message, CancellationToken cancellationToken) =>
        _importer.ImportAsync(path, reference is null ? null : ImageReference.Parse(reference), message, cancellationToken);

    /// <summary>Writes an image as an OCI image layout folder.</summary>
    public Task ExportOciLayoutAsync(Image image, string path, CancellationToken cancellationToken) => _exporter.ExportAsync(image, path, cancellationToken);

    internal Image? FindExact(string id) => _catalog.FindExact(id);
}
