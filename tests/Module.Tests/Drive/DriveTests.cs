using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Drive;

/// <summary>The drive, through PowerShell's own cmdlets.</summary>
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
        Assert.Equal(expected, string.Join(' ', (await RunAsync($"Get-ChildItem '{path}' | ForEach-Object Name")).Lines));

    [Fact]
    public async Task Recursion_FollowsNoLink() => Assert.Equal(["etc", "usr", "[odd] name", "hosts", "passwd"],
        (await RunAsync("Get-ChildItem LayerImage:/images/team/app/1.0/rootfs -Recurse | ForEach-Object Name")).Lines);

    [Fact]
    public async Task Items_AreTypedAndTested()
    {
        Assert.Equal(["File -rw-r--r-- 9 LayerImage:/images/team/app/1.0/rootfs/etc/passwd"], (await RunAsync(
            "Get-Item LayerImage:/images/team/app/1.0/rootfs/etc/passwd | ForEach-Object { \"$($_.Type) $($_.Mode) $($_.Length) $($_.FullPath)\" }")).Lines);
        Assert.Equal(["True", "False", "True"], (await RunAsync(
            "foreach ($path in 'etc', 'gone', 'etc/h*') { Test-Path \"LayerImage:/images/team/app/1.0/rootfs/$path\" }")).Lines);
        Assert.Equal(["SymbolicLink", "etc"], (await RunAsync("Get-Item LayerImage:/images/team/app/1.0/rootfs/usr | ForEach-Object { \"$($_.Type)\"; $_.LinkTarget }")).Lines);
    }

    [Fact]
    public async Task Content_IsReadInLinesAndBytes()
    {
        Assert.Equal(["root", "web"], (await RunAsync("Get-Content LayerImage:/images/team/app/1.0/rootfs/usr/passwd")).Lines);
        Assert.Equal(["114", "111"], (await RunAsync("Get-Content LayerImage:/images/team/app/1.0/rootfs/usr/passwd -AsByteStream -TotalCount 2")).Lines);
        SessionResult none = await _session.InvokeAsync("Get-Content LayerImage:/images/team/app/1.0/rootfs/etc", Stop);
        Assert.Contains("is a directory", Assert.Single(none.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Location_IsSetAndPathsAreRelative()
    {
        SessionResult result = await RunAsync("""
            Set-Location LayerImage:\images\team\app\1.0\rootfs
            "$PWD"
            Get-ChildItem etc/*s* | ForEach-Object Name
            Set-Location etc
            Test-Path ../usr
            Set-Location /
            """);

        Assert.Equal(["LayerImage:/images/team/app/1.0/rootfs", "hosts", "passwd", "True"], result.Lines);
    }

    [Fact]
    public async Task Changes_AreRefused()
    {
        SessionResult result = await _session.InvokeAsync("Remove-Item LayerImage:/images/team/app/1.0/rootfs/etc/passwd", Stop);

        Assert.Contains("can only be read", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_AreCopiedOut()
    {
        await RunAsync($"Copy-LayerImageItem LayerImage:/images/team/app/1.0/rootfs/etc -Recurse -Destination '{_store["copy"]}'");
        Assert.Equal("odd", await File.ReadAllTextAsync(_store["copy/[odd] name"], Stop));

        SessionResult again = await _session.InvokeAsync($"Get-ChildItem LayerImage:/images/team/app/1.0/rootfs/etc | Copy-LayerImageItem -Destination '{_store["copy"]}'", Stop);
        Assert.Equal(3, again.Errors.Count);
        Assert.All(again.Errors, error => Assert.Equal("PathInvalid", error.Name));
        await RunAsync($"Get-ChildItem LayerImage:/images/team/app/1.0/rootfs/etc | Copy-LayerImageItem -Destination '{_store["copy"]}' -Force");
        SessionResult other = await _session.InvokeAsync($"Copy-LayerImageItem /etc/passwd -Destination '{_store["copy"]}'", Stop);
        Assert.Contains("not on the drive", Assert.Single(other.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Drive_ComesAndGoesWithTheModule()
    {
        using ModuleHost host = new();
        const string Drives = "Get-PSDrive | Where-Object Name -eq LayerImage | ForEach-Object Name";

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
