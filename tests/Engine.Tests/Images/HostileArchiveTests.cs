using System.IO.Compression;
using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.Tests.Images;

/// <summary>Archives come from strangers: each of these is refused with a reason, and nothing of it stays.</summary>
public sealed class HostileArchiveTests : IDisposable
{
    private static readonly BuiltImage s_image = ArchiveHarness.Build("app");

    private readonly ArchiveHarness _harness = new();

    public void Dispose() => _harness.Dispose();

    [Fact]
    public async Task NamesThatLeadOut_AreNobodys()
    {
        byte[] tar = ImageArchives.Docker((s_image, ["app:1"])).File("../../escaped", "x").SymbolicLink("blobs/sha256/out", "../../../../../etc/passwd").ToTar();

        Assert.Single(await _harness.ImportAsync(_harness.Write("a.tar", tar)));

        Assert.False(File.Exists(_harness.Store["../../escaped"]));
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../../../../etc/passwd")]
    [InlineData("missing.tar")]
    [InlineData("loop.tar")]
    public async Task LayerNamedByTheManifest_IsOnlySoughtInTheArchive(string layer)
    {
        BuiltImage built = new ImageBuilder().WithLayer(ArchiveHarness.Base()).Build();
        byte[] tar = new LayerBuilder().File("c.json", built.Config).SymbolicLink("loop.tar", "loop.tar").SymbolicLink("etc.tar", "/etc/passwd")
            .File("manifest.json", $$"""[{"Config":"c.json","RepoTags":["a:1"],"Layers":["{{layer}}"]}]""").ToTar();

        await _harness.RefuseAsync(EngineError.LayerNotFound, _harness.Write("a.tar", tar));
    }

    [Fact]
    public async Task Configuration_IsOnlySoughtInTheArchive()
    {
        byte[] tar = new LayerBuilder().File("manifest.json", """[{"Config":"../../../../../../etc/passwd","Layers":[]}]""").ToTar();

        await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", tar));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{}]")]
    [InlineData("[{\"Config\":\"c.json\",\"Layers\":[null]}]")]
    [InlineData("not json")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[")]
    public async Task Manifest_ThatIsNone_IsRefused(string manifest) =>
        await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", new LayerBuilder().File("c.json", s_image.Config).File("manifest.json", manifest).ToTar()));

    [Fact]
    public async Task ManifestOfAMillionEntries_IsRefused()
    {
        StringBuilder manifest = new("[{\"Config\":\"c\"}");
        for (int i = 0; i < 200_000; i++)
        {
            manifest.Append(",{\"Config\":\"c\"}");
        }
        byte[] small = new LayerBuilder().File("c", s_image.Config).File("manifest.json", manifest.Append(']').ToString()).ToTar();
        byte[] large = new LayerBuilder().File("c", s_image.Config).File("manifest.json", new string(' ', 5 << 20)).ToTar();

        Assert.Contains("1000 images", (await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("small.tar", small))).Message, StringComparison.Ordinal);
        Assert.Contains("bytes", (await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("large.tar", large))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargeConfigurations_AreRefusedTogether()
    {
        byte[] configuration = Encoding.UTF8.GetBytes($$$"""{"author":"{{{new string('x', 3 << 20)}}}","rootfs":{"type":"layers","diff_ids":[]}}""");
        byte[] tar = new LayerBuilder().File("c", configuration).File("manifest.json", $"[{string.Join(',', Enumerable.Repeat("{\"Config\":\"c\"}", 100))}]").ToTar();

        Assert.Contains("together", (await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", tar))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongBytesUnderADigest_AreFound()
    {
        byte[] oci = ImageArchives.Oci((s_image, "app:1")).ToTar(), docker = ImageArchives.Docker((s_image, ["app:1"])).ToTar();
        foreach (byte[] tar in new[] { oci, docker })
        {
            // In the base layer's file of many x.
            tar[tar.AsSpan().IndexOf("xxxxxxxx"u8) + 1] ^= 1;
            await _harness.RefuseAsync(EngineError.DigestMismatch, _harness.Write("a.tar", tar));
        }
        Assert.Empty(_harness.Engine.Images.List());
        Assert.DoesNotContain(s_image.Layers[0].Digest[7..], Directory.EnumerateFiles(Path.Combine(_harness.Layout.Content, "blobs", "sha256")).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task ConfigurationNamedByAnotherId_IsFound()
    {
        byte[] tar = new LayerBuilder().File(new string('a', 64) + ".json", s_image.Config).File("manifest.json", $$"""[{"Config":"{{new string('a', 64)}}.json","Layers":[]}]""").ToTar();

        await _harness.RefuseAsync(EngineError.DigestMismatch, _harness.Write("a.tar", tar));
    }

    [Fact]
    public async Task ArchiveCutOffAnywhere_IsRefused()
    {
        byte[] tar = ImageArchives.Docker((s_image, ["app:1"])).ToTar();
        foreach (int length in new[] { 0, 100, 512, 700, tar.Length / 2, tar.Length - 3000 })
        {
            string path = _harness.Write("a.tar", tar[..length]);
            LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ImportAsync(path));
            Assert.True(error.Error is EngineError.ManifestInvalid or EngineError.LayerInvalid, $"{length}: {error}");
            _harness.AssertNoWorkLeft();
        }
    }

    // A tar without its last entries and its end is well-formed for many readers.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ArchiveWithoutItsList_IsNoRootFileSystem(bool isOci)
    {
        byte[] tar = (isOci ? ImageArchives.Oci((s_image, "1")) : ImageArchives.Docker((s_image, ["app:1"]))).ToTar();
        int list = tar.AsSpan().IndexOf(isOci ? "index.json\0"u8 : "manifest.json\0"u8);

        LayerImageException error = await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", tar[..list]));

        Assert.Contains("blobs of images", error.Message, StringComparison.Ordinal);
        _harness.AssertNoWorkLeft();
    }

    [Theory]
    [InlineData("77777777777")]
    [InlineData("00100000000")]
    public async Task FileLargerThanTheArchive_IsRefused(string size)
    {
        byte[] header = new LayerBuilder().File("manifest.json", "").ToTar()[..1536];
        int at = header.AsSpan().LastIndexOf("ustar"u8) - 257;
        Encoding.ASCII.GetBytes(size).CopyTo(header.AsSpan(at + 124));
        header.AsSpan(at + 148, 8).Fill((byte)' ');
        int sum = header.AsSpan(at, 512).ToArray().Sum(value => value);
        Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header.AsSpan(at + 148));

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ImportAsync(_harness.Write("a.tar", header)));

        Assert.True(error.Error is EngineError.ManifestInvalid or EngineError.LayerInvalid, error.ToString());
        _harness.AssertNoWorkLeft();
    }

    [Fact]
    public async Task TwoManifests_AreRefused()
    {
        byte[] tar = ImageArchives.Docker((s_image, ["app:1"])).File("manifest.json", "[]").ToTar();

        Assert.Contains("two files", (await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", tar))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyFiles_AreRefused()
    {
        LayerBuilder archive = new();
        byte[] header = new LayerBuilder().Raw(new UstarHeader("f")).ToTar()[..512];
        byte[] many = new byte[100_001 * 512];
        for (int i = 0; i <= 100_000; i++)
        {
            byte[] own = [.. header];
            Encoding.ASCII.GetBytes($"{i:D8}").CopyTo(own.AsSpan(0));
            own.AsSpan(148, 8).Fill((byte)' ');
            Encoding.ASCII.GetBytes(Convert.ToString(own.Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(own.AsSpan(148));
            own.CopyTo(many.AsSpan(i * 512));
        }

        Assert.Contains("100000 files", (await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", archive.Bytes(many).ToTar()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompressedGarbage_IsRefused()
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(ImageArchives.Docker((s_image, ["app:1"])).ToTar());
        }
        byte[] bytes = packed.ToArray();
        bytes.AsSpan(bytes.Length / 2, 50).Fill(0xff);

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ImportAsync(_harness.Write("a.tgz", bytes)));

        Assert.True(error.Error is EngineError.ManifestInvalid or EngineError.LayerInvalid or EngineError.DigestMismatch, error.ToString());
        _harness.AssertNoWorkLeft();
    }

    [Fact]
    public async Task NoTarAtAll_IsRefused()
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => _harness.ImportAsync(_harness.Write("picture", Encoding.UTF8.GetBytes(new string('z', 5000)))));

        Assert.Equal(EngineError.LayerInvalid, error.Error);
        _harness.AssertNoWorkLeft();
    }

    [Theory]
    [InlineData("""{"schemaVersion":2}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[null]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000","size":7}]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"../../etc/passwd","size":7}]}""")]
    [InlineData("""{"schemaVersion":2,"manifests":[]}""")]
    public async Task Index_ThatNamesNoImage_IsRefused(string index) =>
        await _harness.RefuseAsync(EngineError.ManifestInvalid, _harness.Write("a.tar", new LayerBuilder().File("oci-layout", """{"imageLayoutVersion":"1.0.0"}""").File("index.json", index).ToTar()));
}
