using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Store;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Images;

/// <summary>A store of the test's own that archives come into and go out of; it needs no privileges.</summary>
internal sealed class ArchiveHarness : IDisposable
{
    public ArchiveHarness()
    {
        Engine = new LayerImageEngine(Store.Options);
        Layout = new StoreLayout(Store.Options);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public TempStore Store { get; } = new();

    public LayerImageEngine Engine { get; }

    public StoreLayout Layout { get; }

    /// <summary>An image of two layers; the first one is the same for every name.</summary>
    public static BuiltImage Build(string name, LayerCompression compression = LayerCompression.None, ImageFormat format = ImageFormat.Oci) => new ImageBuilder()
        .WithFormat(format).WithCommand(name).WithLayer(Base(compression)).WithLayer(layer => layer.Directory("./").File("own", name), compression).Build();

    public static LayerBlob Base(LayerCompression compression = LayerCompression.None) =>
        LayerBlob.From(new LayerBuilder().Directory("./").Directory("etc/").File("etc/base", new string('x', 100_000)).ToTar(), compression);

    /// <summary>Writes bytes into a file beside the store.</summary>
    public string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(Store[name], bytes);
        return Store[name];
    }

    public async Task<List<Image>> ImportAsync(string path, string? reference = null, params string[] changes)
    {
        List<Image> images = [];
        await foreach (Image image in Engine.Images.ImportAsync(path, new ImportOptions { Reference = reference, Changes = changes }, SilentObserver.Instance, Stop))
        {
            images.Add(image);
        }
        return images;
    }

    public Task<FileSystemInfo> ExportAsync(string name, ImageExportFormat format, IEnumerable<Image> images, params Image[] excluding) => Engine.Images.ExportAsync(
        [.. images.Select(image => new ImageToExport(image, image.Tags))], Store[name], new ExportOptions { Format = format, Excluding = excluding }, SilentObserver.Instance, Stop);

    /// <summary>Imports what must fail in one way and leave nothing.</summary>
    public async Task<LayerImageException> RefuseAsync(EngineError expected, string path, string? reference = null)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => ImportAsync(path, reference));
        Assert.True(expected == error.Error, error.ToString());
        AssertNoWorkLeft();
        return error;
    }

    /// <summary>No scratch folder and no part of a blob. A whole one that is what its name says may wait for the next try.</summary>
    public void AssertNoWorkLeft()
    {
        Assert.Empty(Directory.EnumerateFileSystemEntries(Layout.Scratch));
        Assert.All(Directory.EnumerateFiles(Layout.Ingest), file => Assert.Equal(Path.GetFileName(file), LayerImage.Engine.Oci.Digest.Of(File.ReadAllBytes(file)).Hex));
    }

    public void Dispose() => Store.Dispose();
}
