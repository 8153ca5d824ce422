using System.Text;
using LayerImage.Engine.Oci;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Fuzz;

/// <summary>Documents that a registry sends: refused or read, never a crash, a hang or a heap of memory.</summary>
public static class DocumentFuzz
{
    private const string Sha = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    internal static readonly string Manifest = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"SHA","size":7,"annotations":{"a":"b"}},
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"SHA","size":12345,"urls":["https://host/x"]},{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"SHA","size":0}],"annotations":{"k":"v"}}
        """.Replace("SHA", Sha, StringComparison.Ordinal);

    internal static readonly string Index = """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"SHA","size":7,"platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
        {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"SHA","size":7,"platform":{"os":"windows","architecture":"amd64","os.version":"10.0.20348.1","os.features":["win32k"]},"annotations":{"vnd.docker.reference.type":"x"}}]}
        """.Replace("SHA", Sha, StringComparison.Ordinal);

    internal static readonly string Config = """
        {"created":"2024-02-29T12:00:00.123456789Z","author":"me","architecture":"amd64","os":"linux","variant":"v2","config":{"User":"a:b","ExposedPorts":{"80/tcp":{}},"Env":["A=b"],"Entrypoint":["x"],"Cmd":["y"],"Volumes":{"/v":{}},"WorkingDir":"/","Labels":{"k":"v"},"StopSignal":"TERM","Other":[1,{"a":null}]},
        "rootfs":{"type":"layers","diff_ids":["SHA","SHA"]},"history":[{"created":"2024-02-29T12:00:00Z","created_by":"x","author":"y","comment":"z","empty_layer":true},{"created_by":"q"}],"more":{}}
        """.Replace("SHA", Sha, StringComparison.Ordinal);

    internal static void Read(byte[] bytes)
    {
        if (ManifestParser.IsIndex(bytes, "", "host/app"))
        {
            new Engine.Images.PlatformSelection(Platform.Parse("linux/arm64"), "host/app", _ => Task.FromResult<ReceivedDocument?>(new ReceivedDocument("", Digest.Of(Encoding.UTF8.GetBytes(Manifest)), Encoding.UTF8.GetBytes(Manifest))), _ => Task.FromResult<byte[]?>(null))
                .FindAsync(new ReceivedDocument("", Digest.Of(bytes), bytes)).GetAwaiter().GetResult();
        }
        else
        {
            ManifestParser.ParseManifest(bytes, "host/app");
        }
    }
}

/// <summary>Manifests.</summary>
public sealed class ManifestFuzzTests
{
    [Fact]
    public void Manifest_IsReadOrRefused() => Fuzzer.Run([DocumentFuzz.Manifest], DocumentFuzz.Read);
}

/// <summary>Indexes.</summary>
public sealed class IndexFuzzTests
{
    [Fact]
    public void Index_IsReadOrRefused() => Fuzzer.Run([DocumentFuzz.Index], DocumentFuzz.Read);
}

/// <summary>Configurations.</summary>
public sealed class ConfigFuzzTests
{
    [Fact]
    public void Configuration_IsReadOrRefused() => Fuzzer.Run([DocumentFuzz.Config], bytes =>
    {
        ImageConfig config = ManifestParser.ParseConfig(bytes, 2, "host/app");
        // What everyone does with it afterwards must not fail either.
        _ = Platform.Parse(Platform.Of(config).ToString());
        Assert.All(config.History ?? [], Assert.NotNull);
        Assert.All(config.Config?.Env ?? [], Assert.NotNull);
        _ = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(config, OciJson.Wire.ImageConfig);
    });
}

/// <summary>References.</summary>
public sealed class ReferenceFuzzTests
{
    [Fact]
    public void Reference_IsReadOrRefused() => Fuzzer.Run(["tomcat", "host.name:5000/a/b_c/d-e:1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "[2001:db8::1]:443/app"], bytes =>
    {
        ImageReference reference = ImageReference.Parse(System.Text.Encoding.UTF8.GetString(bytes));
        Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
        Assert.True(new RegistryEndpoint(reference.Registry, reference.Repository, IsPlain: false, IsInsecure: false).Base.IsAbsoluteUri);
    });
}

/// <summary>Challenges.</summary>
public sealed class ChallengeFuzzTests
{
    [Fact]
    public void Challenge_IsReadOrLeftOut() => Fuzzer.Run(["realm=\"https://auth.example/token\",service=\"registry\",scope=\"repository:a/b:pull,push\"", "realm=x, charset=UTF-8", "a=\"b\\\"c\", d"], bytes =>
    {
        AuthenticationChallenge challenge = AuthenticationChallenge.Parse("Bearer", System.Text.Encoding.Latin1.GetString(bytes));
        Assert.All(challenge.Parameters, pair => Assert.NotNull(pair.Value));
    });
}
