using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.Tests.Registry;

/// <summary>A real helper: a small shell script that keeps its log-ins as files and writes down how it was called.</summary>
public sealed class CredentialHelperTests : IAsyncDisposable
{
    private const string Password = "s3cret-pass";
    private readonly ConnectorHarness _harness = new();

    public CredentialHelperTests()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs /bin/sh");
        ConnectorHarness.Put(_harness.Registry);
        Directory.CreateDirectory(_harness["kept"]);
        Install("files", $$"""
            echo "$0 $*" >>"{{_harness["calls"]}}"
            cat /proc/$$/cmdline /proc/$$/environ >>"{{_harness["seen"]}}" 2>/dev/null
            cd "{{_harness["kept"]}}" || exit 9
            name() { printf %s "$1" | tr -c 'a-z0-9.\n' _; }
            case "$1" in
              store) text=$(cat); server=$(printf %s "$text" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/'); printf %s "$text" >"$(name "$server")" ;;
              get) server=$(cat); file=$(name "$server"); if [ -f "$file" ]; then cat "$file"; else echo "credentials not found in native keychain"; exit 1; fi ;;
              erase) server=$(cat); rm -f "$(name "$server")" ;;
              list) printf '{'; sep=; for f in *; do [ -f "$f" ] || continue; printf '%s' "$sep"; sed 's/.*"ServerURL":"\([^"]*\)","Username":"\([^"]*\)".*/"\1":"\2"/' "$f"; sep=,; done; printf '}' ;;
            esac
            """);
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", Password) { IdentityToken = null };
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    private string Host => _harness.Registry.Host;

    [Theory]
    [InlineData("""{ "credsStore": "files" }""")]
    [InlineData("""{ "credHelpers": { "HOST": "files" } }""")]
    [InlineData("""{ "credsStore": "none-such", "credHelpers": { "HOST": "files" } }""")]
    public async Task Helper_StoresGetsListsAndErases(string configuration)
    {
        _harness.WriteDocker(configuration.Replace("HOST", Host, StringComparison.Ordinal));

        RegistryLogin login = await ConnectAsync();
        await _harness.GetAsync();

        Assert.Equal(("user", "files", _harness.Environment.DockerFile), (login.UserName, login.Helper, login.Path));
        Assert.Single(Directory.GetFiles(_harness["kept"]));
        if (!configuration.Contains("none-such", StringComparison.Ordinal))
        {
            Assert.Equal([login], await _harness.Service.ListAsync(ConnectorHarness.Stop));
        }
        await _harness.Service.DisconnectAsync(Host, SilentObserver.Instance, ConnectorHarness.Stop);
        Assert.Empty(Directory.GetFiles(_harness["kept"]));
        await _harness.RefuseAsync(EngineError.RegistryUnauthorized);
    }

    [Fact]
    public async Task Password_IsInTheHelpersKeepingOnly()
    {
        _harness.WriteDocker("""{ "credsStore": "files" }""");

        await ConnectAsync();
        await _harness.GetAsync();

        string file = File.ReadAllText(_harness.Environment.DockerFile);
        Assert.DoesNotContain(Password, file, StringComparison.Ordinal);
        Assert.DoesNotContain("auth\"", file, StringComparison.Ordinal);
        Assert.Contains($"\"{Host}\": {{}}", file, StringComparison.Ordinal);
        // What others see of a process, and what it is started with.
        Assert.DoesNotContain(Password, File.ReadAllText(_harness["seen"]), StringComparison.Ordinal);
        Assert.All(File.ReadAllLines(_harness["calls"]), call => Assert.Contains(call.Split(' ')[^1], (string[])["store", "get", "list", "erase"]));
    }

    [Fact]
    public async Task IdentityToken_IsKeptUnderItsName()
    {
        _harness.Registry.Authentication = new RegistryAuthentication("Bearer", "user", Password) { IdentityToken = "id-token" };
        _harness.WriteDocker("""{ "credsStore": "files" }""");

        RegistryLogin login = await ConnectAsync();
        await _harness.GetAsync();

        Assert.True(login.HasIdentityToken);
        Assert.Contains("\"Username\":\"<token>\"", File.ReadAllText(Assert.Single(Directory.GetFiles(_harness["kept"]))), StringComparison.Ordinal);
        Assert.True(Assert.Single(await _harness.Service.ListAsync(ConnectorHarness.Stop)).HasIdentityToken);
    }

    [Theory]
    [InlineData("echo nobody has the key; exit 3", "nobody has the key")]
    [InlineData("cat; exit 3", "ended with 3")]
    [InlineData("echo '{\"Username\":\"user\",\"Secret\":\"s3cret-pass\"'; exit 0", "no JSON")]
    [InlineData("echo '{\"Secret\":\"s3cret-pass\"}'; exit 4", "ended with 4")]
    [InlineData(null, "PATH")]
    public async Task BrokenHelper_IsTold_WithoutItsSecrets(string? script, string told)
    {
        string name = script is null ? "missing" : "broken";
        Install("broken", script ?? "");
        _harness.WriteDocker($$"""{ "credsStore": "{{name}}" }""");

        LayerImageException refused = await _harness.RefuseAsync(EngineError.RegistryUnauthorized);

        Assert.Contains($"docker-credential-{name}", refused.Message, StringComparison.Ordinal);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelperThatCannotStore_LeavesTheFileAsItIs()
    {
        Install("broken", "cat; exit 3");
        _harness.WriteDocker("""{ "credsStore": "broken" }""");

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(ConnectAsync);

        Assert.Equal(EngineError.CredentialHelperFailed, error.Error);
        Assert.DoesNotContain(Password, error.ToString(), StringComparison.Ordinal);
        Assert.Equal("""{ "credsStore": "broken" }""", File.ReadAllText(_harness.Environment.DockerFile));
    }

    [Fact]
    public async Task HelperElsewhere_IsNotRun()
    {
        string ran = _harness["ran"];
        Install("evil", $"touch '{ran}'");
        _harness.WriteDocker($$"""{ "credsStore": "x/../../{{Path.GetFileName(_harness["bin"])}}/docker-credential-evil" }""");

        await _harness.RefuseAsync(EngineError.RegistryUnauthorized);

        Assert.False(File.Exists(ran));
    }

    private Task<RegistryLogin> ConnectAsync() =>
        _harness.Service.ConnectAsync(Host, new RegistryCredential("user", Password), SilentObserver.Instance, ConnectorHarness.Stop);

    private void Install(string name, string script)
    {
        string path = Path.Combine(_harness["bin"], "docker-credential-" + name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
