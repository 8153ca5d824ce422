using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci;
using Xunit;

namespace LayerImage.Engine.Tests.Documents;

/// <summary>Documents that mean two things, or none, are refused before anything is made of them.</summary>
public sealed class ManifestParserTests
{
    private const string Descriptor = """{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","size":2}""";

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[],"layers":[D]}""", "layers")]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[],"Layers":[D]}""", "'Layers' twice")]
    [InlineData("""{"schemaVersion":2,"config":{"size":1,"size":2},"layers":[]}""", "size")]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[],"manifests":[]}""", "at once")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}""", "at once")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","config":D,"layers":[]}""", "at once")]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[null]}""", "list of layers")]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[]} trailing""", "trailing")]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":[],}""", "JSON")]
    [InlineData("""{"schemaVersion":2,/* a comment */"config":D,"layers":[]}""", "JSON")]
    [InlineData("\uFEFF{\"schemaVersion\":2,\"config\":D,\"layers\":[]}", "byte order mark")]
    public void Document_IsRefusedWithTheReason(string document, string says)
    {
        LayerImageException error = Assert.Throws<LayerImageException>(() => Parse(Encoding.UTF8.GetBytes(document.Replace("D", Descriptor, StringComparison.Ordinal))));

        Assert.Equal(EngineError.ManifestInvalid, error.Error);
        Assert.Contains(says == "trailing" ? "no JSON" : says, error.Message, StringComparison.Ordinal);
        Assert.Contains("host/app", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherBytesThanUtf8_AreRefused()
    {
        byte[] bytes = Encoding.Latin1.GetBytes($$"""{"schemaVersion":2,"unknown":"é","config":{{Descriptor}},"layers":[]}""");

        Assert.Contains("not UTF-8", Assert.Throws<LayerImageException>(() => Parse(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SameLayerAThousandTimes_IsRefused()
    {
        string layers = string.Join(',', Enumerable.Repeat(Descriptor, 1000));

        Assert.Contains("1000 layers", Assert.Throws<LayerImageException>(() => Parse(Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"config":{{Descriptor}},"layers":[{{layers}}]}"""))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rootfs":{"diff_ids":[]},"config":{"Env":"A=b"}}""")]
    [InlineData("""{"rootfs":{"diff_ids":[]},"config":{"Env":["A=b"],"env":[]}}""")]
    [InlineData("""{"rootfs":{"diff_ids":[]},"config":{"Cmd":[1]}}""")]
    [InlineData("""{"rootfs":{"diff_ids":[]},"config":{"Cmd":{}}}""")]
    [InlineData("""{"rootfs":{"diff_ids":[]},"os":"linux/amd64"}""")]
    [InlineData("""{"rootfs":{"diff_ids":[]},"os":"linux","os":"windows"}""")]
    [InlineData("""{"rootfs":{"diff_ids":[null]}}""")]
    [InlineData("""{"rootfs":{}}  x""")]
    public void Configuration_IsRefused(string document) =>
        Assert.Equal(EngineError.ManifestInvalid, Assert.Throws<LayerImageException>(() => ManifestParser.ParseConfig(Encoding.UTF8.GetBytes(document), 0, "host/app")).Error);

    // Go's reader is the format's: docker and skopeo read all of these.
    [Theory]
    [InlineData("""{"rootfs":{}}""")]
    [InlineData("""{"rootfs":null}""")]
    [InlineData("""{}""")]
    [InlineData("""{"rootfs":{"type":null,"diff_ids":null}}""")]
    [InlineData("""{"created":null,"author":null,"os":null,"architecture":null,"variant":null,"config":null,"history":null,"rootfs":{"diff_ids":[]}}""")]
    [InlineData("""{"config":{"User":null,"ExposedPorts":null,"Env":null,"Entrypoint":null,"Cmd":null,"Volumes":null,"WorkingDir":null,"Labels":null,"StopSignal":null}}""")]
    [InlineData("""{"config":{"ExposedPorts":{"80/tcp":null},"Volumes":{"/v":null}}}""")]
    public void ConfigurationWithNulls_IsRead(string document) =>
        Assert.Empty(ManifestParser.ParseConfig(Encoding.UTF8.GetBytes(document), 0, "host/app").Rootfs.DiffIds);

    [Fact]
    public void Configuration_IsReadAsGoDoes()
    {
        ImageConfig config = ManifestParser.ParseConfig(
            """{"CONFIG":{"entrypoint":"/bin/one word","Cmd":["a",null],"ENV":["A=b",null],"labels":{"a":null}},"History":[null,{"Created_By":"x","created":null}],"RootFS":{"Diff_IDs":[]}}"""u8.ToArray(), 0, "host/app");

        Assert.Equal(["/bin/one word"], config.Config!.Entrypoint!);
        Assert.Equal(["a", ""], config.Config.Cmd!);
        Assert.Equal(["A=b", ""], config.Config.Env!);
        Assert.Equal("", config.Config.Labels!["a"]);
        Assert.Equal([null, "x"], config.History!.Select(entry => entry.CreatedBy));
    }

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":D,"layers":null,"annotations":null}""", 0)]
    [InlineData("""{"schemaVersion":null,"mediaType":null,"artifactType":null,"config":D}""", 0)]
    [InlineData("""{"SchemaVersion":2,"Config":D,"Layers":[D,D]}""", 2)]
    [InlineData("""{"config":{"digest":"DIGEST","size":2},"layers":[{"digest":"DIGEST","size":2,"mediaType":null,"urls":null,"platform":null}]}""", 1)]
    [InlineData("""{"config":{"mediaType":"application/octet-stream","digest":"DIGEST","size":2},"layers":[]}""", 0)]
    [InlineData("""{"config":{"mediaType":"application/json","digest":"DIGEST","size":2},"layers":[]}""", 0)]
    [InlineData("""{"config":{"mediaType":"text/html","digest":"DIGEST","size":2},"layers":[]}""", 0)]
    [InlineData("""{"config":{"mediaType":"","digest":"DIGEST","size":2},"layers":[]}""", 0)]
    public void Manifest_IsReadAsGoDoes(string document, int layers) => Assert.Equal(layers, ManifestParser.ParseManifest(Filled(document), "host/app").Layers.Count);

    [Theory]
    [InlineData("""{"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"DIGEST","size":2},"layers":[D]}""")]
    [InlineData("""{"artifactType":"application/vnd.example","config":{"mediaType":"application/json","digest":"DIGEST","size":2},"layers":[D]}""")]
    public void Artifact_IsNoImage(string document) =>
        Assert.Equal(EngineError.ManifestNotSupported, Assert.Throws<LayerImageException>(() => ManifestParser.ParseManifest(Filled(document), "host/app")).Error);

    private static byte[] Filled(string document) => Encoding.UTF8.GetBytes(document.Replace("DIGEST", "sha256:" + new string('0', 64), StringComparison.Ordinal).Replace("D", Descriptor, StringComparison.Ordinal));

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm64/v8", "linux/arm64", true)]
    [InlineData("linux/amd64/v3", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/amd64/v3", false)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("windows/amd64", "windows(10.0.20348.1)/amd64", true)]
    [InlineData("windows(10.0.20348)/amd64", "windows(10.0.20348.1668)/amd64", true)]
    [InlineData("windows(10.0.2034)/amd64", "windows(10.0.20348.1668)/amd64", false)]
    [InlineData("windows(10.0.20348)/amd64", "windows/amd64", false)]
    [InlineData("linux/x86_64", "linux/amd64", true)]
    [InlineData("aarch64", "linux/arm64/v8", true)]
    public void Platform_IsServed(string wanted, string made, bool serves)
    {
        Assert.Equal(serves, Platform.Parse(made).Serves(Platform.Parse(wanted)) > 0);
        Assert.Equal(Platform.Parse(made), Platform.Parse(Platform.Parse(made).ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("linux/")]
    [InlineData("linux/amd64/v1/x")]
    [InlineData("windows()/amd64")]
    [InlineData("windows(1/amd64")]
    [InlineData("linux /amd64")]
    public void Platform_OfAnotherShapeIsRefused(string text) => Assert.Throws<FormatException>(() => Platform.Parse(text));

    private static void Parse(byte[] bytes)
    {
        Assert.False(ManifestParser.IsIndex(bytes, "", "host/app"));
        ManifestParser.ParseManifest(bytes, "host/app");
    }
}
