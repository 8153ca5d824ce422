using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Images;

/// <summary>What goes out comes in again as it was; nothing is left of what did not.</summary>
public sealed class ExportArchiveTests : IDisposable
{
    private readonly ArchiveHarness _here = new();
    private readonly ArchiveHarness _there = new();

    public void Dispose()
    {
        _here.Dispose();
        _there.Dispose();
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task RoundTrip_KeepsIdsAndDigests(ImageExportFormat format, LayerCompression compression)
    {
        List<Image> images = await ImportTwoAsync(compression);

        FileSystemInfo written = await _here.ExportAsync("out", format, images);
        List<Image> again = await _there.ImportAsync(written.FullName);

        Assert.Equal(images.Select(image => image.Id), again.Select(image => image.Id));
        Assert.Equal(images.Select(image => image.Reference), again.Select(image => image.Reference));
        Assert.Equal(images.SelectMany(image => image.Layers).Select(layer => layer.DiffId), again.SelectMany(image => image.Layers).Select(layer => layer.DiffId));
        if (format != ImageExportFormat.DockerArchive)
        {
            Assert.Equal(images.Select(image => image.Digest), again.Select(image => image.Digest));
        }
        _here.AssertNoWorkLeft();
        _there.AssertNoWorkLeft();
    }

    [Theory]
    [InlineData(ImageExportFormat.OciArchive)]
    [InlineData(ImageExportFormat.DockerArchive)]
    public async Task SameImages_MakeTheSameBytesAndShareLayers(ImageExportFormat format)
    {
        List<Image> images = await ImportTwoAsync(LayerCompression.None);

        FileSystemInfo first = await _here.ExportAsync("first", format, images), second = await _here.ExportAsync("second", format, images);

        Assert.Equal(await File.ReadAllBytesAsync(first.FullName, ArchiveHarness.Stop), await File.ReadAllBytesAsync(second.FullName, ArchiveHarness.Stop));
        Assert.InRange(((FileInfo)first).Length, 100_000, 140_000); // the base of both, once
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Excluding_LeavesOutWhatTheReceiverHas(ImageExportFormat format, LayerCompression compression)
    {
        List<Image> images = await ImportTwoAsync(compression);
        FileSystemInfo written = await _here.ExportAsync("out", format, [images[1]], images[0]);
        Assert.True(SizeOf(written) < (compression == LayerCompression.None ? 50_000 : 16_000), $"{SizeOf(written)} bytes");

        LayerImageException error = await _there.RefuseAsync(EngineError.LayerNotFound, written.FullName);
        Assert.Contains(images[0].Reference, error.Advice, StringComparison.Ordinal);
        Assert.Contains(images[1].Reference, error.Message, StringComparison.Ordinal);
        Assert.Contains(images[0].Layers[0].DiffId[7..19], error.Message, StringComparison.Ordinal);
        Assert.Empty(_there.Engine.Images.List());

        // The receiver has the base in another packing.
        BuiltImage other = ArchiveHarness.Build("one", compression == LayerCompression.None ? LayerCompression.Gzip : LayerCompression.None);
        await _there.ImportAsync(_there.Write("base.tar", ImageArchives.Oci((other, "one:1")).ToTar()));
        Image image = Assert.Single(await _there.ImportAsync(written.FullName));
        Assert.Equal(images[1].Id, image.Id);

        FileSystemInfo whole = await _there.ExportAsync("whole", ImageExportFormat.DockerArchive, [image]);
        Assert.True(SizeOf(whole) > 100_000);
    }

    [Fact]
    public async Task ImageMadeHere_GoesOutInEveryFormat()
    {
        Directory.CreateDirectory(_here.Store["root"]);
        await File.WriteAllTextAsync(_here.Store["root/file"], "x", ArchiveHarness.Stop);
        Image image = Assert.Single(await _here.ImportAsync(_here.Store["root"], "box:1"));

        foreach (ImageExportFormat format in Enum.GetValues<ImageExportFormat>())
        {
            using ArchiveHarness there = new();
            Image again = Assert.Single(await there.ImportAsync((await _here.ExportAsync($"{format}", format, [image])).FullName));
            Assert.Equal((image.Id, image.Layers[0].DiffId), (again.Id, again.Layers[0].DiffId));
        }
    }

    [Theory]
    [InlineData(ImageExportFormat.OciLayout)]
    [InlineData(ImageExportFormat.OciArchive)]
    [InlineData(ImageExportFormat.DockerArchive)]
    public async Task InterruptedExport_LeavesNothing(ImageExportFormat format)
    {
        List<Image> images = await ImportTwoAsync(LayerCompression.None);
        using CancellationTokenSource stop = new();
        Interrupt observer = new(stop, "Writing");
        ExportOptions options = new() { Format = format };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _here.Engine.Images.ExportAsync(
            [.. images.Select(image => new ImageToExport(image, image.Tags))], _here.Store["out/archive"], options, observer, stop.Token));

        Assert.True(observer.Fired);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_here.Store["out"]));
    }

    [Fact]
    public async Task InterruptedImport_LeavesNoWork()
    {
        string path = _there.Write("a.tar", ImageArchives.Docker((ArchiveHarness.Build("app"), ["app:1"])).ToTar());
        using CancellationTokenSource stop = new();
        Interrupt observer = new(stop, "Receiving");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Image _ in _there.Engine.Images.ImportAsync(path, new ImportOptions(), observer, stop.Token))
            {
            }
        });

        Assert.True(observer.Fired);
        Assert.Empty(_there.Engine.Images.List());
        _there.AssertNoWorkLeft();
    }

    [Fact]
    public async Task DamagedBlob_IsFoundAndLeavesNothing()
    {
        List<Image> images = await ImportTwoAsync(LayerCompression.Gzip);
        string blob = _here.Layout.Blob(Oci.Digest.Parse(images[0].Layers[0].Digest!));
        byte[] bytes = await File.ReadAllBytesAsync(blob, ArchiveHarness.Stop);
        bytes[^5] ^= 1;
        await File.WriteAllBytesAsync(blob, bytes, ArchiveHarness.Stop);

        foreach (ImageExportFormat format in Enum.GetValues<ImageExportFormat>())
        {
            LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _here.ExportAsync("out/archive", format, images));
            Assert.Equal(EngineError.LayerCorrupt, error.Error);
            Assert.Empty(Directory.EnumerateFileSystemEntries(_here.Store["out"]));
        }
    }

    [Theory]
    [InlineData(ImageExportFormat.OciLayout)]
    [InlineData(ImageExportFormat.OciArchive)]
    public async Task WhatIsThere_IsReplacedOnlyWithForce(ImageExportFormat format)
    {
        List<Image> images = await ImportTwoAsync(LayerCompression.None);
        await _here.ExportAsync("out", format, [images[0]]);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _here.ExportAsync("out", format, [images[1]]));
        Assert.Equal(EngineError.PathInvalid, error.Error);
        FileSystemInfo written = await _here.Engine.Images.ExportAsync([new ImageToExport(images[1], [])], _here.Store["out"], new ExportOptions { Format = format, Force = true }, SilentObserver.Instance, ArchiveHarness.Stop);

        Assert.Equal(images[1].Id, Assert.Single(await _there.ImportAsync(written.FullName, "new")).Id);
        Assert.Single(Directory.EnumerateFileSystemEntries(_here.Store[""]), path => Path.GetFileName(path).Contains("out", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ForceDoesNotReplaceAFolderThatIsNoLayout()
    {
        List<Image> images = await ImportTwoAsync(LayerCompression.None);
        Directory.CreateDirectory(_here.Store["home"]);
        await File.WriteAllTextAsync(_here.Store["home/mine"], "x", ArchiveHarness.Stop);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _here.Engine.Images.ExportAsync(
            [new ImageToExport(images[0], [])], _here.Store["home"], new ExportOptions { Force = true }, SilentObserver.Instance, ArchiveHarness.Stop));

        Assert.Equal(EngineError.PathInvalid, error.Error);
        Assert.True(File.Exists(_here.Store["home/mine"]));
    }

    private Task<List<Image>> ImportTwoAsync(LayerCompression compression) => _here.ImportAsync(_here.Write("two.tar",
        ImageArchives.Oci((ArchiveHarness.Build("one", compression), "one:1"), (ArchiveHarness.Build("two", compression), "team/two:2")).ToTar()));

    private static long SizeOf(FileSystemInfo written) => written is FileInfo file ? file.Length
        : ((DirectoryInfo)written).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    public static TheoryData<ImageExportFormat, LayerCompression> Formats()
    {
        TheoryData<ImageExportFormat, LayerCompression> all = [];
        foreach (ImageExportFormat format in Enum.GetValues<ImageExportFormat>())
        {
            all.Add(format, LayerCompression.None);
            all.Add(format, LayerCompression.Gzip);
        }
        return all;
    }

    /// <summary>Cancels when something has begun.</summary>
    private sealed class Interrupt(CancellationTokenSource stop, string phase) : IEngineObserver
    {
        public bool Fired { get; private set; }

        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Progress(TransferProgress progress)
        {
            if (progress.Phase == phase)
            {
                Fired = true;
                stop.Cancel();
            }
        }
    }
}
