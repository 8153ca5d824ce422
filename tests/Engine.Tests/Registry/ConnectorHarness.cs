using LayerImage.Engine.Errors;
using LayerImage.Engine.References;
using LayerImage.Engine.Registry;
using LayerImage.Engine.Registry.Credentials;
using LayerImage.Testing.Host;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

/// <summary>A user's files, a registry that may misbehave, and clients for it that need not wait.</summary>
public sealed class ConnectorHarness : IAsyncDisposable
{
    private readonly TempFolder _folder = new("registries-");

    public ConnectorHarness()
    {
        Variables = new() { ["HOME"] = _folder["home"], ["PATH"] = _folder["bin"], ["REGISTRY_AUTH_FILE"] = _folder["podman.json"] };
        Directory.CreateDirectory(_folder["bin"]);
        Environment = new RegistryEnvironment(_folder["configuration"], name => Variables.GetValueOrDefault(name));
        Logins = new LoginStore(Environment, _folder["lock"]);
        Connector = new RegistryConnector(Environment, Logins, Clock);
        Service = new RegistryService(Connector, Logins);
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public Dictionary<string, string> Variables { get; }

    public RegistryServer Registry { get; } = new();

    public RegistryService Service { get; }

    internal ImpatientClock Clock { get; } = new();

    internal RegistryEnvironment Environment { get; }

    internal LoginStore Logins { get; }

    internal RegistryConnector Connector { get; }

    public string this[string relative] => _folder[relative];

    internal RegistryClient Open(string? reference = null, RegistryCredential? credential = null, int retries = 5, bool useMirrors = false) =>
        Connector.Open(ImageReference.Parse(reference ?? Reference), credential, new RetryPolicy(retries, Clock), useMirrors);

    /// <summary>A manifest in the registry, and its name.</summary>
    public string Reference => $"{Registry.Host}/some/image:1";

    /// <summary>Something that a client receives as a manifest.</summary>
    public static byte[] Manifest => "{\"schemaVersion\":2}"u8.ToArray();

    public static void Put(RegistryServer registry) => registry.PutManifest("some/image", "1", "application/vnd.oci.image.manifest.v1+json", Manifest);

    internal async Task<ReceivedDocument> GetAsync(string? reference = null, RegistryCredential? credential = null, int retries = 5, bool useMirrors = false)
    {
        using RegistryClient client = Open(reference, credential, retries, useMirrors);
        return await client.GetManifestAsync("1", Stop);
    }

    /// <summary>Receives what must fail in one way.</summary>
    internal async Task<LayerImageException> RefuseAsync(EngineError expected, string? reference = null, RegistryCredential? credential = null, int retries = 5, bool useMirrors = false)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => GetAsync(reference, credential, retries, useMirrors));
        Assert.True(expected == error.Error, error.ToString());
        return error;
    }

    public void WriteRules(string json)
    {
        Directory.CreateDirectory(Environment.Configuration);
        File.WriteAllText(Environment.RulesFile, json);
    }

    public void WriteDocker(string json) => Write(Environment.DockerFile, json);

    public void WritePodman(string json) => Write(_folder["podman.json"], json);

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        _folder.Dispose();
    }

    private static void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
