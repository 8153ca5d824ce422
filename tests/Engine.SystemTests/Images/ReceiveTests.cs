using System.Text;
using System.Text.Json.Nodes;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Oci;
using LayerImage.Engine.Registry;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>What a registry may have, in whatever form, comes into the store whole.</summary>
public sealed class ReceiveTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData(ImageFormat.Oci, LayerCompression.Gzip)]
    [InlineData(ImageFormat.Oci, LayerCompression.None)]
    [InlineData(ImageFormat.Docker, LayerCompression.Gzip)]
    [InlineData(ImageFormat.Docker, LayerCompression.None)]
    public async Task Image_ComesInWhole(ImageFormat format, LayerCompression compression)
    {
        BuiltImage built = new ImageBuilder().WithFormat(format).WithCommand("/bin/sh").WithEnvironment("A=b").WithLabel("k", "v")
            .WithLayer(layer => layer.Directory("etc/").File("etc/name", "value"), compression).WithLayer(layer => layer.Directory("etc/").Whiteout("etc/name"), compression).Build();

        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "some/image"));

        Assert.Equal(built.Id, image.Id);
        Assert.Equal(built.Digest, image.Digest);
        Assert.Equal(built.Layers.Select(layer => layer.DiffId), image.Layers.Select(layer => layer.DiffId));
        Assert.Equal("value", await File.ReadAllTextAsync(Path.Combine(image.Layers[0].Path!, "etc/name"), ImageHarness.Stop));
        Assert.Equal(["/bin/sh"], image.Config.Config!.Cmd!);
        Assert.Equal(built.Manifest, await File.ReadAllBytesAsync(_harness.Layout.Blob(Digest.Parse(built.Digest)), ImageHarness.Stop));
        Assert.All(built.Layers, layer => Assert.Equal(layer.Blob, File.ReadAllBytes(_harness.Layout.Blob(Digest.Parse(layer.Digest)))));
        Assert.Empty(_harness.Partials());
        _harness.AssertRecordsFitFiles();
    }

    [Theory]
    [InlineData("zstd -q", true)]
    [InlineData("zstd -q", false)]
    [InlineData("gzip -9", true)]
    public async Task Compression_IsToldByTheBytes(string command, bool right)
    {
        string? missing = Requires.Tool(command.Split(' ')[0]);
        Assert.SkipWhen(missing is not null, missing ?? "");
        byte[] tar = new LayerBuilder().File("big", new byte[3_000_000]).File("name", "value").ToTar();
        // In two frames or members: one is not the whole.
        string blob = _harness.Store["blob"];
        await File.WriteAllBytesAsync(_harness.Store["one"], tar[..1_000_000], ImageHarness.Stop);
        await File.WriteAllBytesAsync(_harness.Store["two"], tar[1_000_000..], ImageHarness.Stop);
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; {command} -c one >blob; {command} -c two >>blob");
        BuiltImage built = new ImageBuilder().WithLayer(new LayerBlob(tar, await File.ReadAllBytesAsync(blob, ImageHarness.Stop), LayerCompression.Gzip)).Build();
        string manifest = Encoding.UTF8.GetString(built.Manifest);
        if (right && command.StartsWith("zstd", StringComparison.Ordinal))
        {
            built = built with { Manifest = Encoding.UTF8.GetBytes(manifest.Replace("tar+gzip", "tar+zstd", StringComparison.Ordinal).Replace("tar\\u002Bgzip", "tar+zstd", StringComparison.Ordinal)) };
        }

        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "packed"));

        Assert.Equal("value", await File.ReadAllTextAsync(Path.Combine(image.Layers[0].Path!, "name"), ImageHarness.Stop));
    }

    [Fact]
    public async Task ZstdWithSkippableFrames_IsReadThrough()
    {
        string? missing = Requires.Tool("zstd");
        Assert.SkipWhen(missing is not null, missing ?? "");
        byte[] tar = new LayerBuilder().File("big", new byte[3_000_000]).File("name", "value").ToTar();
        await File.WriteAllBytesAsync(_harness.Store["one"], tar[..1_000_000], ImageHarness.Stop);
        await File.WriteAllBytesAsync(_harness.Store["two"], tar[1_000_000..], ImageHarness.Stop);
        // RFC 8878, 3.1.2: a magic number, a length, that many bytes. zstd:chunked puts its table of contents there.
        await File.WriteAllBytesAsync(_harness.Store["skip"], [0x5a, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5], ImageHarness.Stop);
        await ImageHarness.ShellAsync($"cd '{_harness.Store[""]}'; zstd -q -c one >one.zst; zstd -q -c two >two.zst; cat skip one.zst skip two.zst skip >blob");
        LayerBlob layer = new(tar, await File.ReadAllBytesAsync(_harness.Store["blob"], ImageHarness.Stop), LayerCompression.Gzip);

        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer).Build().PushTo(_harness.Registry, "chunked"));

        Assert.Equal("value", await File.ReadAllTextAsync(Path.Combine(image.Layers[0].Path!, "name"), ImageHarness.Stop));
    }

    [Theory]
    [InlineData(LayerCompression.None, LayerCompression.Gzip)]
    [InlineData(LayerCompression.Gzip, LayerCompression.None)]
    public async Task MislabelledLayer_IsToldByItsBytes(LayerCompression real, LayerCompression said)
    {
        LayerBlob layer = LayerBlob.From(new LayerBuilder().File("name", "value").ToTar(), real) with { Compression = said };

        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer).Build().PushTo(_harness.Registry, "mislabelled"));

        Assert.Equal("value", await File.ReadAllTextAsync(Path.Combine(image.Layers[0].Path!, "name"), ImageHarness.Stop));
    }

    [Fact]
    public async Task WindowsVersions_AreChosenByTheirBeginning()
    {
        BuiltImage old = new ImageBuilder().WithPlatform("windows", "amd64").WithLayer(layer => layer.File("old")).Build();
        BuiltImage young = new ImageBuilder().WithPlatform("windows", "amd64").WithLayer(layer => layer.File("young")).Build();
        static JsonObject entry(BuiltImage image, string version) => new()
        {
            ["mediaType"] = MediaTypes.OciManifest,
            ["digest"] = image.Digest,
            ["size"] = image.Manifest.Length,
            ["platform"] = new JsonObject { ["os"] = "windows", ["architecture"] = "amd64", ["os.version"] = version },
        };
        old.PushTo(_harness.Registry, "win", null);
        young.PushTo(_harness.Registry, "win", null);
        // An attestation by annotation only, as some builders write it.
        JsonObject attestation = entry(young, "10.0.20348.1");
        attestation["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };
        string reference = new IndexBuilder().WithDescriptor(attestation).WithDescriptor(entry(old, "10.0.17763.5122")).WithDescriptor(entry(young, "10.0.20348.2113")).PushTo(_harness.Registry, "win");

        Image chosen = await _harness.ReceiveAsync(reference, new ReceiveOptions { Platform = Platform.Parse("windows(10.0.20348)/amd64") });
        LayerImageException error = await _harness.RefuseAsync(EngineError.PlatformNotFound, reference, new ReceiveOptions { Platform = Platform.Parse("windows(10.0.9)/amd64") });

        Assert.Equal(young.Id, chosen.Id);
        Assert.Contains("windows(10.0.17763.5122)/amd64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Index_IsChosenFromByPlatform()
    {
        BuiltImage amd = new ImageBuilder().WithLayer(layer => layer.File("amd")).Build();
        BuiltImage arm = new ImageBuilder().WithPlatform("linux", "arm64", "v8").WithLayer(layer => layer.File("arm")).Build();
        BuiltImage windows = new ImageBuilder().WithPlatform("windows", "amd64").WithLayer(layer => layer.File("win")).Build();
        JsonObject attestation = new() { ["mediaType"] = MediaTypes.OciManifest, ["digest"] = "sha256:" + new string('0', 64), ["size"] = 5, ["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" } };
        string reference = new IndexBuilder().WithDescriptor(attestation).With(windows).With(arm).With(amd).PushTo(_harness.Registry, "multi");

        Image first = await _harness.ReceiveAsync(reference, new ReceiveOptions { Platform = Platform.Parse("linux/amd64") });
        Image other = await _harness.ReceiveAsync(reference, new ReceiveOptions { Platform = Platform.Parse("arm64") });
        Image missing = await _harness.ReceiveAsync(reference, new ReceiveOptions { Platform = Platform.Parse("linux/amd64"), Policy = PullPolicy.Missing });

        Assert.Equal(amd.Id, first.Id);
        Assert.Equal(arm.Id, other.Id);
        Assert.Equal("linux/arm64/v8", other.Platform);
        Assert.Equal(amd.Id, missing.Id);
        await _harness.RefuseAsync(EngineError.PlatformNotFound, windows.PushTo(_harness.Registry, "alone"), new ReceiveOptions { Platform = Platform.Parse("linux/amd64") });
        LayerImageException error = await _harness.RefuseAsync(EngineError.PlatformNotFound, reference, new ReceiveOptions { Platform = Platform.Parse("linux/s390x") });
        Assert.Contains("linux/arm64/v8", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Digest_NamesTheManifestOrTheIndex()
    {
        BuiltImage built = new ImageBuilder().WithLayer(layer => layer.File("a")).Build();
        string tagged = new IndexBuilder().With(built).PushTo(_harness.Registry, "some/image");
        string index = Digest.Of(_harness.Registry.FindManifest("some/image", "latest")!.Value.Bytes).ToString();

        Image byManifest = await _harness.ReceiveAsync($"{_harness.Registry.Host}/some/image@{built.Digest}");
        Image byIndex = await _harness.ReceiveAsync($"{_harness.Registry.Host}/some/image:ignored@{index}");
        Assert.Empty(byIndex.Tags);
        Image byTag = await _harness.ReceiveAsync(tagged);

        Assert.Equal(byManifest.Id, byIndex.Id);
        Assert.Equal([tagged], byTag.Tags);
        Assert.Equal(2, byTag.RepoDigests.Count);
        Assert.Equal(byTag.Id, _harness.Engine.Images.Get($"{_harness.Registry.Host}/some/image@{index}").Id);
    }

    [Fact]
    public async Task SecondReceive_AsksForTheDigestOnly()
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image");
        Image first = await _harness.ReceiveAsync(reference);
        _harness.Registry.ClearRequests();

        Image second = await _harness.ReceiveAsync(reference);

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(["HEAD /v2/some/image/manifests/latest"], _harness.Registry.Requests.Select(request => request.ToString()));
    }

    [Fact]
    public async Task MovedTag_LeavesTheOldImageWithoutAName()
    {
        BuiltImage old = new ImageBuilder().WithLayer(layer => layer.File("a")).Build(), young = new ImageBuilder().WithLayer(layer => layer.File("b")).Build();
        await _harness.ReceiveAsync(old.PushTo(_harness.Registry, "some/image"));

        Image image = await _harness.ReceiveAsync(young.PushTo(_harness.Registry, "some/image"));

        Assert.Equal(young.Id, image.Id);
        Assert.Empty(_harness.Engine.Images.Get(old.Id).Tags);
    }

    [Fact]
    public async Task Policies_AskOrDoNotAsk()
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image");

        await _harness.RefuseAsync(EngineError.ImageNotFound, reference, new ReceiveOptions { Policy = PullPolicy.Never });
        Assert.Empty(_harness.Registry.Requests);
        await _harness.ReceiveAsync(reference, new ReceiveOptions { Policy = PullPolicy.Missing });
        _harness.Registry.ClearRequests();
        await _harness.ReceiveAsync(reference, new ReceiveOptions { Policy = PullPolicy.Missing });
        await _harness.ReceiveAsync(reference, new ReceiveOptions { Policy = PullPolicy.Never });

        Assert.Empty(_harness.Registry.Requests);
    }

    [Fact]
    public async Task SameLayerTwice_AndNoLayersAtAll_AreImages()
    {
        LayerBlob layer = LayerBlob.From(new LayerBuilder().File("a").ToTar(), LayerCompression.Gzip);
        LayerBlob implied = LayerBlob.From(new LayerBuilder().File("dir/a").ToTar(), LayerCompression.Gzip);

        Image twice = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer).WithLayer(implied).WithLayer(layer).WithLayer(implied).Build().PushTo(_harness.Registry, "twice"));
        Image none = await _harness.ReceiveAsync(new ImageBuilder().Build().PushTo(_harness.Registry, "none"));

        Assert.Equal(4, twice.Layers.Count);
        Assert.Equal(3, _harness.LayerFolders().Count);
        Assert.Empty(none.Layers);
        _harness.AssertRecordsFitFiles();
    }

    [Theory]
    [InlineData("Basic", false)]
    [InlineData("Bearer", false)]
    [InlineData("Bearer", true)]
    public async Task Login_IsAnswered(string scheme, bool oauth)
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "private/image");
        _harness.Registry.Authentication = new RegistryAuthentication(scheme, "user", "right") { UseOAuthName = oauth };

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized, reference);
        LayerImageException wrong = await _harness.RefuseAsync(EngineError.RegistryUnauthorized, reference, new ReceiveOptions { Credential = new RegistryCredential("user", "wr0ng-secret") });
        _harness.AssertNothingLeft();
        Image image = await _harness.ReceiveAsync(reference, new ReceiveOptions { Credential = new RegistryCredential("user", "right") });

        Assert.DoesNotContain("wr0ng-secret", wrong.ToString(), StringComparison.Ordinal);
        Assert.Single(image.Layers);
    }

    [Theory]
    [InlineData("Basic", 404)]
    [InlineData("Basic", 403)]
    [InlineData("Bearer", 404)]
    [InlineData("Bearer", 403)]
    public async Task HiddenRepository_IsFoundByWhoMaySeeIt(string scheme, int status)
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "hidden/image");
        _harness.Registry.Authentication = new RegistryAuthentication(scheme, "user", "right") { Hides = status, NamesNoScope = true };

        await _harness.RefuseAsync(status == 404 ? EngineError.RegistryImageNotFound : EngineError.RegistryUnauthorized, reference);
        _harness.Registry.ClearRequests();
        Image image = await _harness.ReceiveAsync(reference, new ReceiveOptions { Credential = new RegistryCredential("user", "right") });

        Assert.Single(image.Layers);
        Assert.Single(_harness.Registry.Requests, request => request.Path == "/v2/");
        if (scheme == "Bearer")
        {
            Assert.Equal("repository:hidden/image:pull", Assert.Single(_harness.Registry.Requests, request => request.Path == "/token").Query["scope"]);
        }
    }

    [Fact]
    public async Task AnonymousToken_IsFetchedAndRenewed()
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "public/image");
        RegistryAuthentication bearer = new("Bearer");
        _harness.Registry.Authentication = bearer;
        // Each of the two blobs is asked for with a token that has just run out.
        HashSet<string> asked = [];
        _harness.Registry.Add(new RegistryFault
        {
            Meets = request =>
            {
                if (request.Path.Contains("/blobs/", StringComparison.Ordinal) && asked.Add(request.Path))
                {
                    bearer.RevokeTokens();
                }
                return false;
            },
        });

        Image image = await _harness.ReceiveAsync(reference);

        Assert.Single(image.Layers);
        Assert.Equal(3, _harness.Requests("GET /token"));
    }

    [Fact]
    public async Task Redirect_TakesNoCredentialToAnotherHost()
    {
        BuiltImage built = new ImageBuilder().WithLayer(layer => layer.File("a")).Build();
        string reference = built.PushTo(_harness.Registry, "private/image");
        await using RegistryServer elsewhere = new();
        built.PushTo(elsewhere, "private/image");
        _harness.Registry.Authentication = new RegistryAuthentication("Basic", "user", "right");
        _harness.Registry.Add(RegistryFault.Redirect(request => $"http://{elsewhere.Host}{request.Path}") with
        { Meets = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) && request.Header("Authorization") is not null });

        Image image = await _harness.ReceiveAsync(reference, new ReceiveOptions { Credential = new RegistryCredential("user", "right") });

        Assert.Single(image.Layers);
        Assert.Equal(2, elsewhere.Requests.Count);
        Assert.All(elsewhere.Requests, request => Assert.Null(request.Header("Authorization")));
    }

    [Fact]
    public async Task RedirectWithoutEnd_IsAProtocolError()
    {
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "some/image");
        _harness.Registry.Add(RegistryFault.Redirect(request => request.Path));

        await _harness.RefuseAsync(EngineError.RegistryProtocolError, reference);

        Assert.InRange(_harness.Registry.Requests.Count, 2, 20);
    }
}
