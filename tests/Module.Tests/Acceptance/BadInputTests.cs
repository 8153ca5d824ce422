using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>What users get wrong: a stable ErrorId, a message that names the thing, and nothing left behind.</summary>
public sealed class BadInputTests : AcceptanceTest
{
    private readonly RegistryServer _registry = new();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Missing is null)
        {
            string root = await BusyboxRootFs.CreateAsync(Store["box"], Stop);
            // A file that is there and cannot be executed.
            await File.WriteAllTextAsync(Path.Combine(root, "bin/plain-text"), "not a program\n", Stop);
            await RunAsync($"Import-LayerImage -Path '{root}' -Reference box");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _registry.DisposeAsync();
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData("Get-LayerImage nothing", nameof(EngineError.ImageNotFound), "nothing")]
    [InlineData("Remove-LayerImage nothing", nameof(EngineError.ImageNotFound), "nothing")]
    [InlineData("Export-LayerImage nothing -Path /tmp/nothing-layout -Format OciLayout", nameof(EngineError.ImageNotFound), "nothing")]
    [InlineData("Receive-LayerImage 'upper/CASE'", nameof(EngineError.ReferenceInvalid), "upper/CASE")]
    [InlineData("Receive-LayerImage 'a:b:c'", nameof(EngineError.ReferenceInvalid), "a:b:c")]
    [InlineData("Receive-LayerImage '../etc/passwd'", nameof(EngineError.ReferenceInvalid), "../etc/passwd")]
    [InlineData("Receive-LayerImage 127.0.0.1:1/down", nameof(EngineError.RegistryUnreachable), "127.0.0.1:1")]
    [InlineData("Import-LayerImage -Path /does/not/exist -Reference x", nameof(EngineError.PathInvalid), "/does/not/exist")]
    [InlineData("Import-LayerImage /etc/services -Reference x", nameof(EngineError.LayerInvalid), "could not be read as an archive of images")]
    [InlineData("Stop-LayerContainer nobody -Timeout '-5'", "ParameterArgumentTransformationError", "'-5' is not a duration")]
    [InlineData("Test-HostPort 80-70", nameof(EngineError.PortInvalid), "80-70")]
    [InlineData("Get-Container nobody", nameof(EngineError.ContainerNotFound), "nobody")]
    [InlineData("Stop-LayerContainer nobody", nameof(EngineError.ContainerNotFound), "nobody")]
    [InlineData("Invoke-ContainerCommand nobody ls", nameof(EngineError.ContainerNotFound), "nobody")]
    [InlineData("Get-ContainerLog nobody", nameof(EngineError.ContainerNotFound), "nobody")]
    [InlineData("Save-ContainerAsImage -Name nobody -Reference x", nameof(EngineError.ContainerNotFound), "nobody")]
    [InlineData("Start-LayerContainer box -Name 'not a name'", nameof(EngineError.NameInvalid), "not a name")]
    [InlineData("Start-LayerContainer box -Publish 99999:80", nameof(EngineError.PortInvalid), "99999")]
    [InlineData("Start-LayerContainer box -Publish 'x:y:z'", nameof(EngineError.PortInvalid), "x:y:z")]
    [InlineData("Start-LayerContainer box -Command no-such-program", nameof(EngineError.CommandNotFound), "no-such-program")]
    [InlineData("Start-LayerContainer box -Command /bin/plain-text", nameof(EngineError.CommandNotExecutable), "/bin/plain-text")]
    [InlineData("Start-LayerContainer box ls -la /", nameof(EngineError.ParameterInvalid), "Quote the whole command")]
    [InlineData("Start-LayerContainer box sh -Interactive -Tty", nameof(EngineError.ParameterInvalid), "no terminal")]
    [InlineData("Start-LayerContainer box -Label '=x'", nameof(EngineError.ParameterInvalid), "=x")]
    [InlineData("Start-LayerContainer box -Cpu -1", nameof(EngineError.ParameterInvalid), "-1 processors")]
    [InlineData("Start-LayerContainer box -Cpu 100000", nameof(EngineError.ParameterInvalid), "100000 processors")]
    [InlineData("Start-LayerContainer box -PidsLimit -5", nameof(EngineError.ParameterInvalid), "-5")]
    [InlineData("Start-LayerContainer box -Memory 4096", nameof(EngineError.ParameterInvalid), "4096 bytes of memory are too few")]
    [InlineData("Start-LayerContainer box -Memory -1", "ParameterArgumentTransformationError", "'-1' is not a size")]
    [InlineData("Start-LayerContainer box -ShmSize much", "ParameterArgumentTransformationError", "'much' is not a size")]
    [InlineData("Start-LayerContainer box -Ulimit nofile=2:1", nameof(EngineError.ParameterInvalid), "nofile=2:1")]
    [InlineData("Start-LayerContainer box -Ulimit files=1", nameof(EngineError.ParameterInvalid), "files")]
    [InlineData("Start-LayerContainer box -Sysctl @{ 'kernel.core_pattern' = '|/x' }", nameof(EngineError.ParameterInvalid), "kernel.core_pattern")]
    [InlineData("Start-LayerContainer box -Sysctl net.core.somaxconn=1 -Network host", nameof(EngineError.ParameterInvalid), "is the host's")]
    [InlineData("Start-LayerContainer box -GroupAdd nobodies -Command true", nameof(EngineError.UserNotFound), "nobodies")]
    [InlineData("Start-LayerContainer box -Tmpfs run", nameof(EngineError.VolumeInvalid), "not absolute")]
    [InlineData("Start-LayerContainer box -Tmpfs /run:size=1m,bind", nameof(EngineError.VolumeInvalid), "no option 'bind'")]
    [InlineData("Start-LayerContainer box -Volume /tmp:/x:rx", nameof(EngineError.VolumeInvalid), "there are ro, rw,")]
    [InlineData("Stop-LayerContainer nobody -Timeout '-1s'", "ParameterArgumentTransformationError", "-1 is for ever")]
    [InlineData("Set-HostPortRule -Port 80 -Timeout -1", "ParameterArgumentTransformationError", "such as 5m.")]
    [InlineData("Start-LayerContainer box -WorkingDirectory rel", nameof(EngineError.ParameterInvalid), "rel")]
    [InlineData("Start-LayerContainer box -Hostname 'a b'", nameof(EngineError.ParameterInvalid), "a b")]
    [InlineData("Start-LayerContainer box -Volume /tmp:/x,/etc:/x/", nameof(EngineError.ParameterInvalid), "/x")]
    [InlineData("Start-LayerContainer box -Publish 18080:80,18080:81 -Command sleep,9", nameof(EngineError.PortInUse), "the same container publishes 18080:80")]
    [InlineData("Add-ImageTag box sha256:abc", nameof(EngineError.ReferenceInvalid), "sha256:abc")]
    [InlineData("Export-LayerImage box,nothing /tmp/nothing.tar", nameof(EngineError.ImageNotFound), "nothing")]
    [InlineData("Get-HostPortRule -Zone nowhere", nameof(EngineError.ZoneNotFound), "nowhere")]
    [InlineData("Receive-LayerImage registry.invalid/some/image -RetryCount 0", nameof(EngineError.RegistryUnreachable), "no address is known")]
    [InlineData("Set-HostPortRule -Port 70000 -Scope Permanent", nameof(EngineError.PortInvalid), "70000")]
    [InlineData("Set-HostPortRule -Port 80 -Zone nowhere -Scope Permanent", nameof(EngineError.ZoneNotFound), "nowhere")]
    [InlineData("Set-HostPortRule -Port 80 -Scope Runtime", nameof(EngineError.FirewallNotRunning), "firewall")]
    public async Task Mistake_HasItsErrorId(string script, string error, string named) => await FailsAsync(script, named, error);

    [Theory]
    [InlineData("missing", nameof(EngineError.RegistryImageNotFound))]
    [InlineData("401", nameof(EngineError.RegistryUnauthorized))]
    [InlineData("403", nameof(EngineError.RegistryUnauthorized))]
    [InlineData("wrong blob", nameof(EngineError.DigestMismatch))]
    [InlineData("wrong manifest", nameof(EngineError.DigestMismatch))]
    [InlineData("cut blob", nameof(EngineError.SizeMismatch), nameof(EngineError.RegistryUnreachable))]
    [InlineData("html", nameof(EngineError.RegistryProtocolError), nameof(EngineError.ManifestInvalid))]
    [InlineData("500", nameof(EngineError.RegistryProtocolError), nameof(EngineError.RegistryUnreachable))]
    public async Task BadRegistry_HasItsErrorId(string fault, params string[] errors)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        byte[] content = new byte[300_000];
        Random.Shared.NextBytes(content);
        BuiltImage image = new ImageBuilder().WithLayer(layer => layer.File("file", content)).Build();
        string reference = image.PushTo(_registry, "some/image");
        string blob = image.Layers[0].Digest;
        switch (fault)
        {
            case "missing":
                reference = $"{_registry.Host}/some/image:other";
                break;
            case "wrong blob":
                _registry.Add(RegistryFault.WrongBytes().On(blob));
                break;
            case "wrong manifest":
                reference = $"{_registry.Host}/some/image@{image.Digest}";
                _registry.Add(RegistryFault.WrongBytes().On("/manifests/"));
                break;
            case "cut blob":
                _registry.Add(RegistryFault.CutAfter(0).On(blob));
                break;
            case "html":
                _registry.Add(RegistryFault.Html());
                break;
            default:
                _registry.Add(RegistryFault.Status(int.Parse(fault, System.Globalization.CultureInfo.InvariantCulture)));
                break;
        }

        await FailsAsync($"Receive-LayerImage '{reference}' -RetryCount 0", _registry.Host, errors);
    }

    [Theory]
    [InlineData("dots", true)]
    [InlineData("dots in the middle", true)]
    [InlineData("whiteout of nothing", true)]
    [InlineData("hard link out", true)]
    [InlineData("absolute", false)]
    [InlineData("through a symlink", false)]
    [InlineData("through a relative symlink", false)]
    public async Task HostileLayer_WritesNothingOutside(string kind, bool mustFail)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        string outside = Store["outside"];
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "secret"), "untouched", Stop);
        TreeDigest before = TreeDigest.Of(outside);
        string up = string.Concat(Enumerable.Repeat("../", 20)) + outside.TrimStart('/');
        string reference = new ImageBuilder().WithLayer(layer => Hostile(layer, kind, outside, up)).Build().PushTo(_registry, "hostile/image");

        if (mustFail)
        {
            await FailsAsync($"Receive-LayerImage '{reference}'", reference, nameof(EngineError.LayerInvalid));
        }
        else
        {
            // Taking such names as relative to the image's root, as the kernel does in a chroot, is as good as refusing.
            SessionResult result = await TryRunAsync($"Receive-LayerImage '{reference}'");
            Assert.All(result.Errors, error => Assert.Equal(nameof(EngineError.LayerInvalid), error.Name));
        }

        Assert.Empty(before.DifferencesTo(TreeDigest.Of(outside)));
    }

    [Fact]
    public async Task TakenPort_IsPortInUse()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await using EchoServer server = new(0);

        await FailsAsync($"Start-LayerContainer box -Command sleep,'60' -Publish {server.Port}:8080", server.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), nameof(EngineError.PortInUse));
    }

    [Fact]
    public async Task PortOfAnotherContainer_IsPortInUse()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("Start-LayerContainer box -Name first -Command sleep,'60' -Publish 18080:8080");

        await FailsAsync("Start-LayerContainer box -Name second -Command sleep,'60' -Publish 18080:8080", "18080", nameof(EngineError.PortInUse));
    }

    [Fact]
    public async Task TakenName_IsNameInUse()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("Start-LayerContainer box -Name taken -Command sleep,'60'");

        await FailsAsync("Start-LayerContainer box -Name taken -Command sleep,'60'", "taken", nameof(EngineError.NameInUse));
    }

    [Theory]
    [InlineData("no-such-program", 127)]
    [InlineData("/bin/plain-text", 126)]
    public async Task Exec_OfABadCommandSetsTheExitCode(string command, int code)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("Start-LayerContainer box -Name there -Command sleep,'60'");

        SessionResult result = await TryRunAsync($"Invoke-ContainerCommand there {command}; $LASTEXITCODE");

        Assert.Equal(code.ToString(System.Globalization.CultureInfo.InvariantCulture), result.Lines[^1]);
    }

    [Fact]
    public async Task FullDisk_IsDiskFullAndTheStoreStaysUsable()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        using TempStore small = new();
        Directory.CreateDirectory(small.Options.Root);
        await ShellAsync($"mount -t tmpfs -o size=4m none '{small.Options.Root}'");
        try
        {
            byte[] content = new byte[8_000_000];
            Random.Shared.NextBytes(content);
            string reference = new ImageBuilder().WithLayer(layer => layer.File("file", content)).Build().PushTo(_registry, "large/image");
            await using IModuleSession session = await Host.OpenAsync(small.Environment, Stop);

            SessionResult result = await session.InvokeAsync($"Receive-LayerImage '{reference}'", Stop);
            SessionResult after = await session.InvokeAsync("Get-LayerImage", Stop);

            Assert.Equal([nameof(EngineError.DiskFull)], result.Errors.Select(error => error.Name));
            Assert.Empty(after.Errors);
            Assert.Empty(after.Output);
        }
        finally
        {
            await ShellAsync($"umount '{small.Options.Root}'");
        }
    }

    [Theory]
    [InlineData("crun", "rm -f /usr/bin/crun /usr/bin/runc")]
    [InlineData("conmon", "rm -f /usr/bin/conmon")]
    [InlineData("nft", "rm -f /usr/sbin/nft")]
    public async Task MissingTool_IsToolMissing(string tool, string hide)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        using TempFolder over = new();
        // In a mount namespace of its own: an overlay over /usr, from which the program is deleted. And in a network of its own: where
        // the rules are made already, a container needs no nft.
        // What is mounted below /usr, as a .NET SDK may be, is not in the overlay and comes back afterwards.
        string dotnet = Path.GetDirectoryName(Environment.ProcessPath!)!;
        string[] isolated = ["unshare", "--mount", "--net", "/bin/sh", "-ec", $"""
            ip link set lo up; mkdir '{over["u"]}' '{over["w"]}' '{over["dotnet"]}'; mount --rbind '{dotnet}' '{over["dotnet"]}'
            mount -t overlay -o lowerdir=/usr,upperdir='{over["u"]}',workdir='{over["w"]}' none /usr; {hide}
            mount --rbind '{over["dotnet"]}' '{dotnet}'; exec "$@"
            """, "sh"];

        string output = await FreshProcessAsync(isolated, "Start-LayerContainer box -Command sleep,'60' -Publish 18081:80");

        Assert.Contains(nameof(EngineError.ToolMissing), output, StringComparison.Ordinal);
        Assert.Contains(tool, output, StringComparison.Ordinal);
        Assert.Empty((await RunAsync("Get-Container")).Output);
    }

    [Fact]
    public async Task OrdinaryUser_IsNotPrivileged()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        Assert.SkipWhen(Requires.Tool("setpriv") is not null, Requires.Tool("setpriv") ?? "");
        ProcessResult readable = await ProcessRunner.RunAsync(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "test", "-r", Repository.Manifest], null, Stop);
        Assert.SkipWhen(readable.ExitCode != 0, "needs a clone that other users may read");
        // A store that this user may write, so that it is the container's start that fails.
        string home = Store["home"];
        await ShellAsync($"mkdir -p '{home}'; chown 65534:65534 '{home}'; chmod 755 '{Path.GetDirectoryName(home)}' '{Path.GetDirectoryName(Store.Options.Root)}'");
        // The PowerShell may be among root's own packages.
        string powerShell = Assert.Single((await ProcessRunner.RunCheckedAsync(EngineError.RuntimeFailed, Host.CommandLine("$PSHOME"), null, Stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        string[] user = ["unshare", "--mount", "/bin/sh", "-ec", $"mkdir '{home}/pwsh'; mount --bind '{powerShell}' '{home}/pwsh'; exec \"$@\"", "sh", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", $"HOME={home}", $"LAYERIMAGE_PWSH={home}/pwsh/pwsh.dll",
            $"LAYERIMAGE_ROOT={home}/root", $"LAYERIMAGE_RUN={home}/run", $"LAYERIMAGE_CONFIG={home}/config"];

        string output = await FreshProcessAsync(user, $"Import-LayerImage -Path '{Store["box"]}' -Reference box | Start-LayerContainer -Command sleep,'60'");

        Assert.Contains(nameof(EngineError.NotPrivileged), output, StringComparison.Ordinal);
    }

    private static void Hostile(LayerBuilder layer, string kind, string outside, string up) => _ = kind switch
    {
        "dots" => layer.File($"{up}/new"),
        "dots in the middle" => layer.Directory("a/").File($"a/{up}/new"),
        "whiteout of nothing" => layer.Directory("a/").File("a/.wh."),
        "hard link out" => layer.HardLink("link", $"{up}/secret"),
        "absolute" => layer.File($"{outside}/new"),
        "through a symlink" => layer.SymbolicLink("out", outside).File("out/new").File("out/.wh.secret"),
        "through a relative symlink" => layer.SymbolicLink("out", up).File("out/secret", "changed"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private async Task FailsAsync(string script, string named, params string[] errors)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        const string inventory = "Get-LayerImage -All | ForEach-Object { $_.Id }; Get-Container | ForEach-Object { \"$($_.Name) $($_.State)\" }";
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        IReadOnlyList<string> had = (await RunAsync(inventory)).Lines;

        SessionResult result = await TryRunAsync(script);

        SessionError error = Assert.Single(result.Errors);
        Assert.Contains(error.Name, errors);
        Assert.Contains(named, error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(had, (await RunAsync(inventory)).Lines);
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(3), Stop);
    }

    private async Task<string> FreshProcessAsync(string[] around, string script)
    {
        string caught = $"try {{ $ErrorActionPreference = 'Stop'; {script} }} catch {{ [Console]::Out.WriteLine(\"$($_.FullyQualifiedErrorId): $_\") }}";
        string[] variables = [.. Store.Environment.Select(pair => $"{pair.Key}={pair.Value}")];
        ProcessResult result = await ProcessRunner.RunAsync(
            ["env", .. variables, .. around, .. Host.CommandLine(caught)], null, Stop);
        return result.Output + result.Error;
    }

    private static async Task ShellAsync(string script)
    {
        ProcessResult result = await ProcessRunner.RunAsync(["/bin/sh", "-ec", script], null, Stop);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
