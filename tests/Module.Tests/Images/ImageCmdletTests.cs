using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Images;

/// <summary>The image cmdlets in pipelines, as people write them.</summary>
[Collection("Acceptance")]
public sealed class ImageCmdletTests : IAsyncLifetime
{
    private readonly RegistryServer _registry = new();
    private readonly Testing.Host.TempStore _store = new();
    private IModuleSession _session = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        LayerBlob shared = LayerBlob.From(new LayerBuilder().File("shared", new byte[50_000]).ToTar(), LayerCompression.Gzip);
        for (int i = 1; i <= 3; i++)
        {
            new ImageBuilder().WithLabel("number", $"{i}").WithLayer(shared).WithLayer(layer => layer.File($"own{i}", new byte[i])).Build().PushTo(_registry, "team/app", $"v{i}");
        }
        _session = await AcceptanceHost.Instance.OpenAsync(_store.Environment, Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
        }
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    [Fact]
    public async Task AllTags_AreReceivedAndOneThatFailsDoesNotStopTheOthers()
    {
        _registry.PutManifest("team/app", "v2broken", "application/vnd.oci.image.manifest.v1+json", "{}"u8.ToArray());

        SessionResult result = await _session.InvokeAsync($"Receive-LayerImage {_registry.Host}/team/app -AllTags | ForEach-Object Tags", Stop);

        Assert.Equal(["v1", "v2", "v3"], result.Lines.Select(line => line[^2..]));
        Assert.Equal("ManifestInvalid", Assert.Single(result.Errors).Name);
    }

    [Fact]
    public async Task Plan_TellsPerLayerWhatWouldCome()
    {
        await RunAsync($"Receive-LayerImage {_registry.Host}/team/app:v1");

        Assert.Equal(["0 True", "1 False"], (await RunAsync($"Get-LayerImagePlan {_registry.Host}/team/app:v2 | ForEach-Object Layers | ForEach-Object {{ \"$($_.Position) $($_.Present)\" }}")).Lines);
        SessionResult pretended = await RunAsync($"Receive-LayerImage {_registry.Host}/team/app:v2 -WhatIf");

        Assert.Empty(pretended.Output);
        Assert.Single((await RunAsync("Get-LayerImage")).Output);
        Assert.Empty((await RunAsync($"$WhatIfPreference = $true; Receive-LayerImage {_registry.Host}/team/app:v3; $WhatIfPreference = $false")).Output);
        Assert.Single((await RunAsync("Get-LayerImage")).Output);
    }

    [Fact]
    public async Task Export_TakesThePathAloneBesidePipedImages()
    {
        await RunAsync($"Receive-LayerImage {_registry.Host}/team/app:v1");

        Assert.Equal("piped.tar", Assert.Single((await RunAsync($"(Get-LayerImage | Export-LayerImage '{_store["piped.tar"]}').Name")).Lines));
        Assert.Equal("named.tar", Assert.Single((await RunAsync($"(Export-LayerImage {_registry.Host}/team/app:v1 '{_store["named.tar"]}').Name")).Lines));
        Assert.Equal(new FileInfo(_store["named.tar"]).Length, new FileInfo(_store["piped.tar"]).Length);
    }

    [Fact]
    public async Task FoundTags_PipeIntoReceive()
    {
        Assert.Equal(["v1", "v2", "v3"], (await RunAsync($"Find-LayerImage team/app -Registry {_registry.Host} | ForEach-Object Tag")).Lines);
        Assert.Equal(2, (await RunAsync($"Find-LayerImage '{_registry.Host}/team/app:v[23]' | Receive-LayerImage")).Output.Count);
    }

    [Fact]
    public async Task Tags_AreAddedAndRemovedInEveryForm()
    {
        await ReceiveAsync();

        Assert.Contains("mine:1", (await RunAsync($"(Add-ImageTag {_registry.Host}/team/app:v1 mine:1).Tags")).Lines);
        Assert.Contains("mine:2", (await RunAsync($"(Get-LayerImage {_registry.Host}/team/app:v1 | Add-ImageTag mine:2).Tags")).Lines);
        Assert.Contains("mine:3", (await RunAsync($"(Get-LayerImage {_registry.Host}/team/app:v1 | Add-ImageTag -Tag mine:3).Tags")).Lines);
        Assert.Contains("mine:4", (await RunAsync($"(Add-ImageTag -Reference {_registry.Host}/team/app:v1 -Tag mine:4).Tags")).Lines);
        Assert.DoesNotContain("mine:4", (await RunAsync("(Remove-ImageTag mine:4).Tags")).Lines);
        Assert.DoesNotContain("mine:3", (await RunAsync("(Get-LayerImage mine:1 | Remove-ImageTag mine:3).Tags")).Lines);
        Assert.Equal([$"{_registry.Host}/team/app:v1"], (await RunAsync("(Remove-ImageTag mine:1 'mine*').Tags")).Lines);
        // The last one goes, and the image stays.
        Assert.Equal("0", Assert.Single((await RunAsync($"(Remove-ImageTag {_registry.Host}/team/app:v1).Tags.Count")).Lines));
        Assert.Single((await RunAsync("Get-LayerImage -Dangling")).Output);
        Assert.Equal("ImageNotFound", Assert.Single((await _session.InvokeAsync($"Remove-ImageTag {_registry.Host}/team/app:v2 other:1", Stop)).Errors).Name);
    }

    [Fact]
    public async Task Filters_ChooseImages()
    {
        await ReceiveAsync();
        await RunAsync($"Remove-ImageTag {_registry.Host}/team/app:v1");

        Assert.Equal("2", await CountAsync("Get-LayerImage"));
        Assert.Equal("3", await CountAsync("Get-LayerImage -All"));
        Assert.Equal("1", await CountAsync("Get-LayerImage -Dangling"));
        Assert.Equal("1", await CountAsync("Get-LayerImage -Label number=3"));
        Assert.Equal("1", await CountAsync("Get-LayerImage -Label @{ number = 3 }"));
        Assert.Equal("3", await CountAsync("Get-LayerImage -All -Label number"));
        Assert.Equal("2", await CountAsync("Get-LayerImage -Platform amd64"));
        Assert.Equal("0", await CountAsync("Get-LayerImage -Platform linux/arm64"));
        Assert.Equal("2", await CountAsync("Get-LayerImage -Since 2024-01-01 -Before ([datetime]'2024-12-31')"));
        Assert.Equal("0", await CountAsync($"Get-LayerImage -Since {_registry.Host}/team/app:v2"));
        Assert.Equal("2", await CountAsync("Get-LayerImage '*/team/app:*'"));
        Assert.Equal("3", await CountAsync("Get-LayerImage -Id '*'"));
        Assert.Equal("ParameterInvalid", Assert.Single((await _session.InvokeAsync("Get-LayerImage -Platform a/b/c/d", Stop)).Errors).Name);
    }

    [Fact]
    public async Task LayersAndHistory_AreShown()
    {
        await ReceiveAsync();

        Assert.Equal(["50000", "1"], (await RunAsync($"Get-ImageHistory {_registry.Host}/team/app:v1 | ForEach-Object Size")).Lines);
        Assert.Equal(["0"], (await RunAsync($"Get-LayerImage {_registry.Host}/team/app:v1 | Get-ImageLayer -UsedBy {_registry.Host}/team/app:v2 | ForEach-Object Position")).Lines);
    }

    [Fact]
    public async Task Removals_TellTheirBytesTogether()
    {
        await ReceiveAsync();
        long size = long.Parse(Assert.Single((await RunAsync($"(Get-LayerImage {_registry.Host}/team/app:v1).Size")).Lines), System.Globalization.CultureInfo.InvariantCulture);

        using ModuleHost host = new();
        ModuleResult pretended = host.Invoke("Get-LayerImage | Remove-LayerImage -WhatIf");
        Assert.Empty(pretended.Output);
        Assert.Equal("3", await CountAsync("Get-LayerImage"));
        SessionResult removed = await RunAsync("Get-LayerImage | Remove-LayerImage | ForEach-Object BytesFreed");
        long[] freed = [.. removed.Lines.Select(line => long.Parse(line, System.Globalization.CultureInfo.InvariantCulture))];

        Assert.Equal(3, freed.Length);
        Assert.True(freed[2] > 50_000 && freed[0] < 50_000 && size > 50_000, string.Join(' ', freed));
        Assert.Equal("0", await CountAsync("Get-LayerImage -All"));
    }

    [Fact]
    public async Task Clear_RemovesWhatItsCriteriaMean()
    {
        await ReceiveAsync();

        Assert.Empty((await RunAsync("Clear-LayerImage -Force")).Output);
        Assert.Empty((await RunAsync("Clear-LayerImage -Label number -Force -WhatIf")).Output);
        Assert.Equal("3", await CountAsync("Get-LayerImage"));
        Assert.Equal(["True"], (await RunAsync("Clear-LayerImage -Label number=2 -Confirm:$false | ForEach-Object Deleted")).Lines);
        Assert.Single((await RunAsync("Clear-LayerImage -KeepLast 1 -Force")).Output);
        Assert.Equal("1", await CountAsync("Get-LayerImage"));
    }

    private async Task ReceiveAsync() => Assert.Equal(3, (await RunAsync($"Receive-LayerImage {_registry.Host}/team/app -AllTags")).Output.Count);

    private async Task<string> CountAsync(string script) => Assert.Single((await RunAsync($"@({script}).Count")).Lines);

    private async Task<SessionResult> RunAsync(string script)
    {
        SessionResult result = await _session.InvokeAsync(script, Stop);
        Assert.True(result.Errors.Count == 0, $"{script}: {string.Join("; ", result.Errors)}");
        return result;
    }
}
