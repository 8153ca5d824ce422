using System.IO.Compression;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Images;

/// <summary>What comes in from archives is what is in them. Runs as root, as an ordinary user and the portable way.</summary>
public sealed class ImportArchiveTests : IDisposable
{
    private readonly ArchiveHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Theory]
    [InlineData(LayerCompression.None)]
    [InlineData(LayerCompression.Gzip)]
    public async Task DockerArchive_KeepsIdAndLayers(LayerCompression compression)
    {
        BuiltImage built = ArchiveHarness.Build("app", compression);

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", ImageArchives.Docker((built, ["team/app:1", "app"])).ToTar())));

        Assert.Equal(built.Id, image.Id);
        Assert.Equal(["app:latest", "team/app:1"], image.Tags);
        Assert.Equal(built.Layers.Select(layer => layer.DiffId), image.Layers.Select(layer => layer.DiffId));
        Assert.Equal(built.Layers.Select(layer => layer.Digest), image.Layers.Select(layer => layer.Digest!));
        _harness.AssertNoWorkLeft();
    }

    [Fact]
    public async Task OldDockerArchive_LinksEqualLayers()
    {
        LayerBlob layer = ArchiveHarness.Base();
        BuiltImage built = new ImageBuilder().WithLayer(layer).WithLayer(layer).WithLayer(layer).Build();
        string first = new('1', 64), second = new('2', 64);
        byte[] tar = new LayerBuilder().Directory($"{first}/").File($"{first}/layer.tar", layer.Blob).Directory($"{second}/").SymbolicLink($"{second}/layer.tar", $"../{first}/layer.tar")
            .HardLink("third.tar", $"{first}/layer.tar").File("config.json", built.Config)
            .File("manifest.json", $$"""[{"Config":"config.json","RepoTags":null,"Layers":["{{first}}/layer.tar","{{second}}/layer.tar","third.tar"]}]""").ToTar();

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", tar), "app"));

        Assert.Equal((built.Id, 3), (image.Id, image.Layers.Count));
    }

    [Fact]
    public async Task SameFileTwice_IsOne()
    {
        LayerBlob layer = ArchiveHarness.Base();
        BuiltImage built = new ImageBuilder().WithLayer(layer).Build();
        byte[] tar = new LayerBuilder().File("layer.tar", layer.Blob).File("config.json", built.Config).File("layer.tar", layer.Blob)
            .File("manifest.json", """[{"Config":"config.json","RepoTags":null,"Layers":["layer.tar"]}]""").ToTar();

        Assert.Equal(built.Id, Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", tar), "app")).Id);
    }

    // ORAS's working folder, the layout's old one, a lock, what people put beside: other readers pass over them.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FurtherFolders_ArePassedOver(bool compressed)
    {
        BuiltImage built = ArchiveHarness.Build("app");
        LayerBuilder further(LayerBuilder tar) => tar.Directory("ingest/").File("ingest/part", "x").Directory("refs/").File("refs/v1", "{}").File("index.json.lock", "").Directory("layers/").SymbolicLink("latest", "refs/v1");
        foreach (LayerBuilder archive in new[] { ImageArchives.Oci((built, "app:1")), ImageArchives.Docker((built, ["app:1"])) })
        {
            byte[] before = [.. further(new LayerBuilder()).ToTar()[..^1024], .. archive.ToTar()], after = further(archive).ToTar();
            foreach (byte[] tar in new[] { before, after })
            {
                Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", compressed ? Gzip(tar) : tar)));

                Assert.Equal((built.Id, "app:1"), (image.Id, image.Reference));
            }
        }
    }

    [Fact]
    public async Task RootFileSystem_MayHaveFilesOfTheSameNames()
    {
        byte[] tar = new LayerBuilder().Directory("usr/").File("usr/x", "x").File("manifest.json", """[{"name":"a program's own"}]""").File("index.json", """{"manifests":"its own"}""").ToTar();

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", tar), "root"));

        Assert.Equal(1, image.LayerCount);
    }

    [Fact]
    public async Task LayoutWithoutItsMark_IsRead()
    {
        BuiltImage built = ArchiveHarness.Build("app");
        built.WriteLayout(_harness.Store["layout"], "v1");
        File.Delete(_harness.Store["layout/oci-layout"]);

        Assert.Equal(built.Id, Assert.Single(await _harness.ImportAsync(_harness.Store["layout"], "app")).Id);
    }

    [Fact]
    public async Task IndexOfIndexes_IsFollowed()
    {
        BuiltImage mine = ArchiveHarness.Build("mine"), other = new ImageBuilder().WithPlatform("linux", "s390x").WithLayer(ArchiveHarness.Base()).Build();
        byte[] inner = new IndexBuilder().With(other).With(mine).ToBytes(), outer = new IndexBuilder().WithDescriptor(ImageBuilder.Descriptor("application/vnd.oci.image.index.v1+json", inner)).ToBytes();
        byte[] list = new IndexBuilder().WithDescriptor(ImageBuilder.Descriptor("application/vnd.oci.image.index.v1+json", outer)).ToBytes();
        LayerBuilder tar = ImageArchives.Oci((mine, null), (other, null));
        foreach (byte[] index in new[] { inner, outer })
        {
            tar.File("blobs/sha256/" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(index)), index);
        }
        // The last of two lists is not read twice: the archive is made anew.
        byte[] archive = Replace(tar.ToTar(), "index.json", list);

        Assert.Equal(mine.Id, Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", archive), "app")).Id);
    }

    [Fact]
    public async Task ImageOfAnotherMachine_IsTakenWhereItIsTheOnlyOneThere()
    {
        BuiltImage mine = ArchiveHarness.Build("mine"), other = new ImageBuilder().WithPlatform("linux", "s390x").WithLayer(ArchiveHarness.Base()).Build();
        byte[] index = new IndexBuilder().With(mine).With(other).ToBytes();
        LayerBuilder tar = ImageArchives.Oci((other, null)).File("blobs/sha256/" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(index)), index);
        byte[] archive = Replace(tar.ToTar(), "index.json", new IndexBuilder().WithDescriptor(ImageBuilder.Descriptor("application/vnd.oci.image.index.v1+json", index)).ToBytes());

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", archive), "app"));

        Assert.Equal((other.Id, "linux/s390x"), (image.Id, image.Platform));
    }

    [Fact]
    public async Task EntriesThatDoNotSayTheirMachine_AreLookedInto()
    {
        BuiltImage mine = ArchiveHarness.Build("mine"), other = new ImageBuilder().WithPlatform("linux", "s390x").WithLayer(ArchiveHarness.Base()).Build();

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", ImageArchives.Oci((other, null), (mine, null)).ToTar()), "app"));

        Assert.Equal(mine.Id, image.Id);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream target = new();
        using (GZipStream gzip = new(target, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }
        return target.ToArray();
    }

    // The same tar with another file of a name.
    private static byte[] Replace(byte[] tar, string name, byte[] bytes)
    {
        LayerBuilder replaced = new();
        using System.Formats.Tar.TarReader reader = new(new MemoryStream(tar));
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using MemoryStream content = new();
            entry.DataStream?.CopyTo(content);
            replaced.File(entry.Name, entry.Name == name ? bytes : content.ToArray());
        }
        return replaced.ToTar();
    }

    [Theory]
    [InlineData(LayerCompression.None, ImageFormat.Oci)]
    [InlineData(LayerCompression.Gzip, ImageFormat.Oci)]
    [InlineData(LayerCompression.Gzip, ImageFormat.Docker)]
    public async Task OciArchive_KeepsManifestDigest(LayerCompression compression, ImageFormat format)
    {
        BuiltImage built = ArchiveHarness.Build("app", compression, format);

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", ImageArchives.Oci((built, "docker.io/library/app:1")).ToTar())));

        Assert.Equal((built.Id, built.Digest), (image.Id, image.Digest));
        Assert.Equal(["app:1"], image.Tags);
        Assert.Equal(built.Layers.Select(layer => layer.Digest), image.Layers.Select(layer => layer.Digest!));
    }

    [Fact]
    public async Task OciLayoutFolder_TakesItsTagFromTheReference()
    {
        BuiltImage built = ArchiveHarness.Build("app");
        built.WriteLayout(_harness.Store["layout"], "v1");

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Store["layout"], "team/app:v1"));

        Assert.Equal((built.Id, built.Digest), (image.Id, image.Digest));
        Assert.Equal(["team/app:v1"], image.Tags);
    }

    [Fact]
    public async Task CompressedArchive_IsImported()
    {
        BuiltImage built = ArchiveHarness.Build("app", LayerCompression.Gzip);
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(ImageArchives.Docker((built, ["app:1"])).ToTar());
        }

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("a.tgz", packed.ToArray())));

        Assert.Equal(built.Id, image.Id);
        _harness.AssertNoWorkLeft();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SeveralImages_AllComeInAndShareLayers(bool docker)
    {
        BuiltImage one = ArchiveHarness.Build("one"), two = ArchiveHarness.Build("two");
        byte[] tar = docker ? ImageArchives.Docker((one, ["one:1"]), (two, ["two:2"])).ToTar() : ImageArchives.Oci((one, "one:1"), (two, "two:2")).ToTar();

        List<Image> images = await _harness.ImportAsync(_harness.Write("a.tar", tar));

        Assert.Equal([one.Id, two.Id], images.Select(image => image.Id));
        Assert.Equal(["one:1", "two:2"], images.Select(image => image.Reference));
        Assert.Equal(3, images.SelectMany(image => image.Layers).Select(layer => layer.DiffId).Distinct().Count());
    }

    [Fact]
    public async Task Reference_SelectsAmongSeveralImages()
    {
        BuiltImage one = ArchiveHarness.Build("one"), two = ArchiveHarness.Build("two");
        string path = _harness.Write("a.tar", ImageArchives.Oci((one, "v1"), (two, "two:v2")).ToTar());

        Assert.Equal(one.Id, Assert.Single(await _harness.ImportAsync(path, "team/any:v1")).Id);
        Assert.Equal(two.Id, Assert.Single(await _harness.ImportAsync(path, "docker.io/library/two:v2")).Id);
        LayerImageException error = await _harness.RefuseAsync(EngineError.ParameterInvalid, path, "three:v3");
        Assert.Contains("v1, two:v2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LayerThatIsHere_IsNotStoredInAnotherPacking()
    {
        BuiltImage built = ArchiveHarness.Build("app", LayerCompression.Gzip);
        await _harness.ImportAsync(_harness.Write("oci.tar", ImageArchives.Oci((built, "app:1")).ToTar()));
        BuiltImage plain = ArchiveHarness.Build("app", LayerCompression.None);

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("docker.tar", ImageArchives.Docker((plain, ["app:2"])).ToTar())));

        Assert.Equal(built.Layers.Select(layer => layer.Digest), image.Layers.Select(layer => layer.Digest!));
        Assert.Equal(built.Digest, image.Digest);
        Assert.Equal(4, Directory.EnumerateFiles(Path.Combine(_harness.Layout.Content, "blobs", "sha256")).Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RootFileSystem_BecomesAnImageOfOneLayer(bool compressed)
    {
        byte[] tar = new LayerBuilder().File(".dockerenv", "").Directory("etc/").File("etc/name", "x").SymbolicLink("bin", "usr/bin").File("manifest.json", "no archive").ToTar();
        LayerBlob blob = LayerBlob.From(tar, compressed ? LayerCompression.Gzip : LayerCompression.None);

        Image image = Assert.Single(await _harness.ImportAsync(_harness.Write("root", blob.Blob), "box:1", "CMD [\"sh\"]", "ENV A=b", "HEALTHCHECK NONE"));

        Assert.Equal(["sh"], image.Config.Config!.Cmd!);
        Assert.Equal(["A=b"], image.Config.Config.Env!);
        if (!LayerMaker.CanUnpack)
        {
            Assert.Equal((blob.DiffId, blob.Digest), (image.Layers[0].DiffId, image.Layers[0].Digest));
        }
        _harness.AssertNoWorkLeft();
    }

    [Fact]
    public async Task Folder_BecomesTheSameLayerEachTime()
    {
        Directory.CreateDirectory(_harness.Store["root/etc"]);
        await File.WriteAllTextAsync(_harness.Store["root/etc/name"], "x", ArchiveHarness.Stop);
        File.CreateSymbolicLink(_harness.Store["root/link"], "etc/name");

        Image first = Assert.Single(await _harness.ImportAsync(_harness.Store["root"], "box:1")), second = Assert.Single(await _harness.ImportAsync(_harness.Store["root"], "box:2"));

        Assert.Equal(first.Layers[0].DiffId, second.Layers[0].DiffId);
    }

    [Fact]
    public async Task Archive_TakesNoChanges()
    {
        string path = _harness.Write("a.tar", ImageArchives.Docker((ArchiveHarness.Build("app"), ["app:1"])).ToTar());

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ImportAsync(path, null, "CMD sh"));

        Assert.Equal(EngineError.ParameterInvalid, error.Error);
    }
}
