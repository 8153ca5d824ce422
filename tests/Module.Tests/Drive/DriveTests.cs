using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Drive;

/// <summary>The drive, through what PowerShell itself makes of a provider; the small shell has no Get-ChildItem.</summary>
[Collection("Acceptance")]
public sealed class DriveTests : IAsyncLifetime
{
    private readonly TempStore _store = new();
    private IModuleSession _session = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        new ImageBuilder().WithLayer(layer => layer.Directory("etc/").File("etc/passwd", "root\nweb\n").File("etc/hosts", "h").File("gone", "x").SymbolicLink("usr", "etc"))
            .WithLayer(layer => layer.Whiteout("gone").File("etc/[odd] name", "odd")).Build().WriteLayout(_store["layout"], "latest");
        _session = await AcceptanceHost.Instance.OpenAsync(_store.Environment, Stop);
        await RunAsync($"Import-LayerImage '{_store["layout"]}' -Reference team/app:1.0");
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }
        _store.Dispose();
    }

    [Theory]
    [InlineData(@"LayerImage:\images\team\app\1.0\rootfs", "etc usr")]
    [InlineData("LayerImage:/images/team/app/1.0/layers/1", "etc gone")]
    [InlineData("LayerImage:/images/team/app/1.0/rootfs/usr/", "[odd] name hosts passwd")]
    [InlineData("LayerImage:/images/team/app/1.0", "config layers manifest rootfs")]
    [InlineData(@"LayerImage:\", "containers images layers")]
    [InlineData("LayerImage:/images/team/app/1.0/rootfs/etc/p*", "passwd")]
    public async Task ChildItems_AreListed(string path, string expected) =>
        Assert.Equal(expected, string.Join(' ', (await RunAsync($"$ExecutionContext.InvokeProvider.ChildItem.Get('{path}', $false) | ForEach-Object Name")).Lines));

    [Fact]
    public async Task Recursion_FollowsNoLink() => Assert.Equal(["etc", "usr", "[odd] name", "hosts", "passwd"],
        (await RunAsync("$ExecutionContext.InvokeProvider.ChildItem.Get('LayerImage:/images/team/app/1.0/rootfs', $true) | ForEach-Object Name")).Lines);

    [Fact]
    public async Task Items_AreTypedAndTested()
    {
        Assert.Equal(["File -rw-r--r-- 9 LayerImage:/images/team/app/1.0/rootfs/etc/passwd"], (await RunAsync(
            "$ExecutionContext.InvokeProvider.Item.Get('LayerImage:/images/team/app/1.0/rootfs/etc/passwd') | ForEach-Object { \"$($_.Type) $($_.Mode) $($_.Length) $($_.FullPath)\" }")).Lines);
        Assert.Equal(["True", "False", "True"], (await RunAsync(
            "foreach ($path in 'etc', 'gone', 'etc/h*') { $ExecutionContext.InvokeProvider.Item.Exists(\"LayerImage:/images/team/app/1.0/rootfs/$path\") }")).Lines);
        Assert.Equal(["SymbolicLink", "etc"], (await RunAsync("$ExecutionContext.InvokeProvider.Item.Get('LayerImage:/images/team/app/1.0/rootfs/usr') | ForEach-Object { \"$($_.Type)\"; $_.LinkTarget }")).Lines);
    }

    [Fact]
    public async Task Content_IsReadInLinesAndBytes()
    {
        const string Reader = "$reader = $ExecutionContext.InvokeProvider.Content.GetReader('LayerImage:/images/team/app/1.0/rootfs/usr/passwd')[0]; ";

        Assert.Equal(["root", "web"], (await RunAsync(Reader + "$reader.Read(1); $reader.Read(0); $reader.Close()")).Lines);
        SessionResult none = await _session.InvokeAsync("$ExecutionContext.InvokeProvider.Content.GetReader('LayerImage:/images/team/app/1.0/rootfs/etc')", Stop);
        Assert.Contains("is a directory", Assert.Single(none.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Location_IsSetAndPathsAreRelative()
    {
        SessionResult result = await RunAsync("""
            $null = $ExecutionContext.SessionState.Path.SetLocation('LayerImage:\images\team\app\1.0\rootfs')
            "$PWD"
            $ExecutionContext.InvokeProvider.ChildItem.Get('etc/*s*', $false) | ForEach-Object Name
            $null = $ExecutionContext.SessionState.Path.SetLocation('etc')
            $ExecutionContext.InvokeProvider.Item.Exists('../usr')
            $null = $ExecutionContext.SessionState.Path.SetLocation('/')
            """);

        Assert.Equal(["LayerImage:/images/team/app/1.0/rootfs", "hosts", "passwd", "True"], result.Lines);
    }

    [Fact]
    public async Task Changes_AreRefused()
    {
        SessionResult result = await _session.InvokeAsync("$ExecutionContext.InvokeProvider.Item.Remove('LayerImage:/images/team/app/1.0/rootfs/etc/passwd', $false)", Stop);

        Assert.Contains("can only be read", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_AreCopiedOut()
    {
        await RunAsync($"Copy-LayerImageItem LayerImage:/images/team/app/1.0/rootfs/etc -Recurse -Destination '{_store["copy"]}'");
        Assert.Equal("odd", await File.ReadAllTextAsync(_store["copy/[odd] name"], Stop));

        SessionResult again = await _session.InvokeAsync($"$ExecutionContext.InvokeProvider.ChildItem.Get('LayerImage:/images/team/app/1.0/rootfs/etc', $false) | Copy-LayerImageItem -Destination '{_store["copy"]}'", Stop);
        Assert.Equal(3, again.Errors.Count);
        Assert.All(again.Errors, error => Assert.Equal("PathInvalid", error.Name));
        await RunAsync($"$ExecutionContext.InvokeProvider.ChildItem.Get('LayerImage:/images/team/app/1.0/rootfs/etc', $false) | Copy-LayerImageItem -Destination '{_store["copy"]}' -Force");
        SessionResult other = await _session.InvokeAsync($"Copy-LayerImageItem /etc/passwd -Destination '{_store["copy"]}'", Stop);
        Assert.Contains("not on the drive", Assert.Single(other.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Drive_ComesAndGoesWithTheModule()
    {
        using ModuleHost host = new();
        const string Drives = "$ExecutionContext.SessionState.Drive.GetAll() | Where-Object Name -eq LayerImage | ForEach-Object { \"$_\" }";

        Assert.Equal("LayerImage", Assert.Single(host.Invoke(Drives).Output).ToString());
        ModuleResult removed = host.Invoke("Remove-Module LayerImage; " + Drives);
        Assert.Empty(removed.Errors);
        Assert.Empty(removed.Output);
        Assert.Single(host.Invoke("Import-Module $path; " + Drives, ("path", Repository.Manifest)).Output);
    }

    private async Task<SessionResult> RunAsync(string script)
    {
        SessionResult result = await _session.InvokeAsync(script, Stop);
        Assert.True(result.Errors.Count == 0, $"{script}\n{string.Join('\n', result.Errors)}");
        return result;
    }
}
