using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Processes;
using LayerImage.Engine.Store;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A registry that may misbehave, a store of the test's own, and a look at what is in it.</summary>
public sealed class ImageHarness : IAsyncDisposable
{
    public ImageHarness(TimeProvider? clock = null, bool inMemory = false)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        Store = new TempStore(clock, inMemory);
        Engine = new LayerImageEngine(Store.Options);
        Layout = new StoreLayout(Store.Options);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public RegistryServer Registry { get; } = new();

    public TempStore Store { get; }

    public LayerImageEngine Engine { get; }

    internal StoreLayout Layout { get; }

    public Task<Image> ReceiveAsync(string reference, ReceiveOptions? options = null) =>
        Engine.Images.ReceiveAsync(reference, options ?? new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, Stop);

    /// <summary>Receives what must fail in one way.</summary>
    public async Task<LayerImageException> RefuseAsync(EngineError expected, string reference, ReceiveOptions? options = null)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => ReceiveAsync(reference, options));
        Assert.True(expected == error.Error, error.ToString());
        return error;
    }

    /// <summary>No image, no layer, no scratch folder, no blob; a partial download only where it helps to go on.</summary>
    public void AssertNothingLeft(bool mayResume = false)
    {
        Assert.Empty(Engine.Images.List());
        Assert.Empty(LayerFolders());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Layout.Scratch));
        Assert.Empty(Blobs());
        if (!mayResume)
        {
            Assert.Empty(Partials());
        }
        AssertRecordsFitFiles();
    }

    /// <summary>Each layer folder has its record and the other way round; the same for blobs.</summary>
    public void AssertRecordsFitFiles()
    {
        StoreDatabase database = StoreDatabase.Open(Layout.Database);
        List<string> layers = database.Read(transaction => transaction.Query("SELECT key FROM layer ORDER BY key", row => row.GetString(0)));
        List<string> blobs = database.Read(transaction => transaction.Query("SELECT digest FROM blob ORDER BY digest", row => row.GetString(0)));
        Assert.Equal(layers, LayerFolders());
        Assert.Equal(blobs, Blobs().Select(hex => "sha256:" + hex));
    }

    public IReadOnlyList<string> LayerFolders() => Names(Layout.Layers);

    public IReadOnlyList<string> Partials() => Names(Layout.Ingest);

    public IReadOnlyList<string> Blobs() => Names(Path.Combine(Layout.Content, "blobs", "sha256"));

    /// <summary>The union of a container's files, as a start makes it, but for the mount points that an image lacks.</summary>
    internal OverlayMount Describe(string container) => new()
    {
        LowerDirs = StoreDatabase.Open(Layout.Database).Read(transaction => transaction.Query(
            "SELECT layer FROM container_layer WHERE container = ?1 ORDER BY position DESC", row => Layout.Layer(row.GetString(0)), container)),
        UpperDir = Layout.Upper(container),
        WorkDir = Layout.Work(container),
        Merged = Layout.Merged(container),
    };

    /// <summary>The requests for a path that contains a text.</summary>
    public int Requests(string text) => Registry.Requests.Count(request => request.ToString().Contains(text, StringComparison.Ordinal));

    /// <summary>Bytes of all files of layers (a file with two names once) and of blobs, as the disk has them.</summary>
    public async Task<long> BytesOnDiskAsync() => long.Parse(
        await ShellAsync($"find '{Layout.Layers}' '{Path.Combine(Layout.Content, "blobs")}' -type f -printf '%D:%i %s\\n' | sort -u | awk '{{ bytes += $2 }} END {{ print bytes + 0 }}'"),
        System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<string> ShellAsync(string script)
    {
        ProcessResult result = await ForeignProgram.RunAsync(["/bin/sh", "-ec", script], Stop);
        Assert.True(result.ExitCode == 0, $"{script}: {result.Error}");
        return result.Output.TrimEnd('\n');
    }

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        Store.Dispose();
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
