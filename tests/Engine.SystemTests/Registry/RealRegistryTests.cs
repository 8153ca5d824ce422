using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Processes;
using LayerImage.Engine.Registry;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Registry;

/// <summary>The real registry with log-ins and with TLS, and the log-ins that docker, podman and skopeo share with us.</summary>
public sealed class RealRegistryTests : IDisposable
{
    private const string User = "user", Password = "right word";
    private readonly TempStore _store = new();
    private readonly TestAuthority _authority = new();

    public RealRegistryTests()
    {
        string? missing = Requires.All(DebianRegistry.Missing, Requires.Tool("skopeo"), Requires.Root);
        Assert.SkipWhen(missing is not null, missing ?? "");
        Engine = new LayerImageEngine(_store.Options);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private LayerImageEngine Engine { get; }

    private string DockerFile => Path.Combine(_store.Environment["DOCKER_CONFIG"], "config.json");

    private string PodmanFile => _store.Environment["REGISTRY_AUTH_FILE"];

    public void Dispose()
    {
        _store.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task OurLogIn_IsTakenByTheOthers()
    {
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser }, Stop);
        string reference = $"{registry.Host}/team/app:1";
        await RefuseAsync(EngineError.RegistryUnauthorized, () => ConnectAsync(registry.Host, "wrong"));
        await RefuseAsync(EngineError.RegistryUnauthorized, () => ReceiveAsync(reference));

        await ConnectAsync(registry.Host, Password);
        await PushAsync(reference, $"--authfile {DockerFile} --dest-tls-verify=false");
        Image image = await ReceiveAsync(reference);

        Assert.Single(image.Layers);
        Assert.Contains("\"Digest\"", await RunAsync("skopeo inspect --tls-verify=false --authfile \"$1\" \"docker://$2\"", DockerFile, reference), StringComparison.Ordinal);
        if (Requires.Tool("podman") is null)
        {
            Assert.Equal(User, (await RunAsync("podman login --get-login --authfile \"$1\" \"$2\"", DockerFile, registry.Host)).Trim());
        }
        await Engine.Registries.DisconnectAsync(registry.Host, SilentObserver.Instance, Stop);
        await RefuseAsync(EngineError.RegistryUnauthorized, () => ReceiveAsync(reference));
    }

    [Fact]
    public async Task OurLogIn_IsTakenByDocker()
    {
        await using DockerDaemon docker = new();
        await docker.InitializeAsync();
        Assert.SkipWhen(docker.Missing is not null, docker.Missing ?? "");
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser }, Stop);
        string reference = $"{registry.Host}/team/app:1";

        await ConnectAsync(registry.Host, Password);
        await PushAsync(reference, $"--authfile {DockerFile} --dest-tls-verify=false");
        await docker.RunAsync($"--config '{Path.GetDirectoryName(DockerFile)}' pull -q {reference}");

        Assert.Contains("team/app", await docker.RunAsync("image ls"), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => docker.RunAsync($"pull -q {reference}"));
    }

    [Theory]
    [InlineData("skopeo", "skopeo login --tls-verify=false --authfile \"$1\" -u user --password-stdin \"$2\"")]
    [InlineData("podman", "podman login --tls-verify=false --authfile \"$1\" -u user --password-stdin \"$2/team\"")]
    [InlineData("docker", "DOCKER_CONFIG=$(dirname \"$3\") DOCKER_HOST=unix:///nonexistent/docker.sock docker login -u user --password-stdin \"$2\"")]
    public async Task TheirLogIns_AreTakenByUs(string tool, string logIn)
    {
        Assert.SkipWhen(Requires.Tool(tool) is not null, Requires.Tool(tool) ?? "");
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser }, Stop);
        string reference = $"{registry.Host}/team/app:1";
        await PushAsync(reference, $"--dest-creds \"user:{Password}\" --dest-tls-verify=false");

        await RunAsync($"printf '%s' '{Password}' | ( {logIn} )", PodmanFile, registry.Host, DockerFile);
        Image image = await ReceiveAsync(reference);

        Assert.Single(image.Layers);
        RegistryLogin login = Assert.Single(await Engine.Registries.ListAsync(Stop));
        Assert.Equal((User, tool == "docker" ? DockerFile : PodmanFile), (login.UserName, login.Path));
        Assert.Equal(tool == "podman" ? registry.Host + "/team" : registry.Host, login.Server);
    }

    [Fact]
    public async Task PrivateAuthority_IsTrustedForItsRegistryOnly()
    {
        (string certificate, string key) = _authority.SignServer();
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser, Certificate = certificate, Key = key }, Stop);
        string reference = $"{registry.Host}/team/app:1";
        WriteRules($$"""{ "{{registry.Host}}": { "insecure": false } }""");
        LayerImageException untrusted = await RefuseAsync(EngineError.RegistryUnreachable, () => ConnectAsync(registry.Host, Password));
        File.Delete(Path.Combine(_store.Options.Configuration, "registries.json"));
        AddCertificate(registry.Host, _authority.Certificate, "ca.crt");

        await ConnectAsync(registry.Host, Password);
        await PushAsync(reference, $"--authfile {DockerFile} --dest-cert-dir {CertificateFolder(registry.Host)}");
        Image image = await ReceiveAsync(reference);

        Assert.Single(image.Layers);
        Assert.Contains("certs.d", untrusted.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CertificateForAnotherServer_IsRefused()
    {
        (string certificate, string key) = _authority.SignServer("127.0.0.2");
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Certificate = certificate, Key = key }, Stop);
        AddCertificate(registry.Host, _authority.Certificate, "ca.crt");

        await RefuseAsync(EngineError.RegistryUnreachable, () => ReceiveAsync($"{registry.Host}/team/app:1"));
    }

    [Fact]
    public async Task InsecureRegistry_NeedsNoTrust()
    {
        (string certificate, string key) = _authority.SignServer("127.0.0.2");
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Certificate = certificate, Key = key }, Stop);
        await PushAsync($"{registry.Host}/team/app:1", "--dest-tls-verify=false");
        // A certificate folder says TLS, which on the loopback is not what is tried first.
        AddCertificate(registry.Host, _authority.Certificate, "ca.crt");
        WriteRules($$"""{ "{{registry.Host}}": { "insecure": true } }""");

        Image image = await ReceiveAsync($"{registry.Host}/team/app:1");

        Assert.Single(image.Layers);
    }

    [Fact]
    public async Task InsecureRegistryWithoutTls_IsAskedInPlainWords()
    {
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser }, Stop);
        AddCertificate(registry.Host, _authority.Certificate, "ca.crt");
        WriteRules($$"""{ "{{registry.Host}}": { "insecure": true } }""");

        RegistryLogin login = await ConnectAsync(registry.Host, Password);

        Assert.Equal(User, login.UserName);
    }

    [Fact]
    public async Task TlsThroughAProxy_IsATunnelThatTheProxyCannotLookInto()
    {
        (string certificate, string key) = _authority.SignServer("registry.invalid");
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Users = DebianRegistryOptions.OneUser, Certificate = certificate, Key = key }, Stop);
        await using ConnectProxy proxy = new("proxy-user", "proxy word");
        // The name leads nowhere but through the proxy.
        string host = "registry.invalid:" + registry.Host.Split(':')[1];
        await PushAsync($"{registry.Host}/team/app:1", $"--dest-creds \"user:{Password}\" --dest-tls-verify=false");
        AddCertificate(host, _authority.Certificate, "ca.crt");
        LayerImageEngine engine = new(_store.Options with
        {
            EnvironmentVariable = name => name == "HTTPS_PROXY" ? $"http://proxy-user:proxy%20word@{proxy.Host}" : _store.Options.EnvironmentVariable(name),
        });

        await engine.Registries.ConnectAsync(host, new RegistryCredential(User, Password), SilentObserver.Instance, Stop);
        Image image = await engine.Images.ReceiveAsync($"{host}/team/app:1", new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, Stop);

        Assert.Single(image.Layers);
        Assert.All(proxy.Asked, line => Assert.Equal($"CONNECT {host} HTTP/1.1", line));
        Assert.NotEmpty(proxy.Asked);
    }

    [Fact]
    public async Task ClientCertificate_IsShown()
    {
        (string certificate, string key) = _authority.SignServer();
        await using DebianRegistry registry = await DebianRegistry.StartAsync(new DebianRegistryOptions { Certificate = certificate, Key = key, ClientAuthority = _authority.Certificate }, Stop);
        string reference = $"{registry.Host}/team/app:1";
        AddCertificate(registry.Host, _authority.Certificate, "ca.crt");
        await RefuseAsync(EngineError.RegistryUnreachable, () => ReceiveAsync(reference));
        (string client, string clientKey) = _authority.SignClient();
        AddCertificate(registry.Host, client, "client.cert");
        LayerImageException keyless = await RefuseAsync(EngineError.RegistryConfigurationInvalid, () => ReceiveAsync(reference));
        AddCertificate(registry.Host, clientKey, "client.key");

        await PushAsync(reference, $"--dest-cert-dir {CertificateFolder(registry.Host)}");
        Image image = await ReceiveAsync(reference);

        Assert.Single(image.Layers);
        Assert.Contains("client.cert", keyless.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MirroredImage_KeepsItsName()
    {
        await using DebianRegistry mirror = await DebianRegistry.StartAsync(Stop);
        await PushAsync($"{mirror.Host}/cache/team/app:1", "--dest-tls-verify=false");
        // The registry itself does not exist.
        WriteRules($$"""{ "registry.invalid": { "mirrors": ["127.0.0.1:1", "{{mirror.Host}}/cache"] } }""");

        Image image = await ReceiveAsync("registry.invalid/team/app:1");

        Assert.Equal(["registry.invalid/team/app:1"], image.Tags);
        Assert.All(image.RepoDigests, digest => Assert.StartsWith("registry.invalid/team/app@", digest, StringComparison.Ordinal));
    }

    private Task<RegistryLogin> ConnectAsync(string server, string password) =>
        Engine.Registries.ConnectAsync(server, new RegistryCredential(User, password), SilentObserver.Instance, Stop);

    private Task<Image> ReceiveAsync(string reference) => Engine.Images.ReceiveAsync(reference, new ReceiveOptions { RetryCount = 0 }, SilentObserver.Instance, Stop);

    private static async Task<LayerImageException> RefuseAsync(EngineError expected, Func<Task> act)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(act);
        Assert.True(expected == error.Error, error.ToString());
        Assert.DoesNotContain(Password, error.ToString(), StringComparison.Ordinal);
        return error;
    }

    private void WriteRules(string json)
    {
        Directory.CreateDirectory(_store.Options.Configuration);
        File.WriteAllText(Path.Combine(_store.Options.Configuration, "registries.json"), json);
    }

    private string CertificateFolder(string host) => Path.Combine(_store.Options.Configuration, "certs.d", host);

    private void AddCertificate(string host, string file, string name)
    {
        Directory.CreateDirectory(CertificateFolder(host));
        File.Copy(file, Path.Combine(CertificateFolder(host), name));
    }

    // Pushed by skopeo from an OCI layout, so that the registry's side is nobody's but theirs.
    private async Task PushAsync(string reference, string options)
    {
        string layout = _store["layout"];
        if (!Directory.Exists(layout))
        {
            new ImageBuilder().WithLayer(layer => layer.File("hello", "world"u8.ToArray())).Build().WriteLayout(layout, "x");
        }
        await RunAsync($"skopeo copy {options} \"oci:$1:x\" \"docker://$2\"", layout, reference);
    }

    private static async Task<string> RunAsync(string script, params string[] arguments)
    {
        ProcessResult result = await ProcessRunner.RunAsync(["/bin/sh", "-ec", script, "sh", .. arguments], null, Stop);
        Assert.True(result.ExitCode == 0, $"{script}: {result.Error}{result.Output}");
        return result.Output;
    }
}
