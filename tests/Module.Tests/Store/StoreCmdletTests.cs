using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Store;

/// <summary>The store's cmdlets in pipelines, as people write them.</summary>
[Collection("Acceptance")]
public sealed class StoreCmdletTests : IAsyncLifetime
{
    private readonly RegistryServer _registry = new();
    private readonly Testing.Host.TempStore _store = new();
    private IModuleSession _session = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        _session = await AcceptanceHost.Instance.OpenAsync(_store.Environment, Stop);
        string reference = new ImageBuilder().WithLayer(layer => layer.File("file", new string('x', 50_000))).Build().PushTo(_registry, "team/app");
        await RunAsync($"Receive-LayerImage {reference}");
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
    public async Task Damage_IsTestedAndRepairedInOnePipeline()
    {
        Assert.Empty((await RunAsync("Test-LayerStore -Full")).Output);
        await RunAsync("[IO.File]::AppendAllText((Get-LayerImage | Get-ImageLayer).Path + '/file', 'more')");

        Assert.Empty((await RunAsync("Test-LayerStore; Test-LayerStore -Quick")).Output);
        Assert.Equal(["LayerDamaged True"], (await RunAsync("Test-LayerStore -Full | ForEach-Object { \"$($_.Kind) $($_.IsRepairable)\" }")).Lines);
        Assert.Empty((await RunAsync("Test-LayerStore -Full | Repair-LayerStore -WhatIf")).Output);
        Assert.Equal(["True"], (await RunAsync("Test-LayerStore -Full | Repair-LayerStore | ForEach-Object IsRepaired")).Lines);
        Assert.Empty((await RunAsync("Test-LayerStore -Full")).Output);
        Assert.Empty((await RunAsync("Repair-LayerStore")).Output);
    }

    [Fact]
    public async Task Repair_TestsByItselfWhenNothingIsPiped()
    {
        await RunAsync("[IO.Directory]::Delete((Get-LayerImage | Get-ImageLayer).Path, $true)");

        Assert.Equal(["True"], (await RunAsync("Repair-LayerStore | ForEach-Object IsRepaired")).Lines);
        Assert.Empty((await RunAsync("Test-LayerStore -Full")).Output);
    }

    [Fact]
    public async Task Clear_FreesWhatGetSaysAndWhatIfSays()
    {
        await RunAsync("[IO.Directory]::CreateDirectory((Get-LayerStore).Path + '/ingest') > $null; [IO.File]::WriteAllText((Get-LayerStore).Path + '/ingest/' + 'a' * 64, 'x' * 20000)");
        string reclaimable = Assert.Single((await RunAsync("(Get-LayerStore).ReclaimableBytes")).Lines);

        Assert.Empty((await RunAsync("Clear-LayerStore -Force -WhatIf")).Output);
        Assert.Equal([$"PartialDownload {reclaimable}"], (await RunAsync("Clear-LayerStore -Force | ForEach-Object { \"$($_.Kind) $($_.Bytes)\" }")).Lines);
        Assert.Equal(["0"], (await RunAsync("(Get-LayerStore).ReclaimableBytes")).Lines);
        Assert.Single((await RunAsync("Get-LayerImage")).Output);
    }

    private async Task<SessionResult> RunAsync(string script)
    {
        SessionResult result = await _session.InvokeAsync(script, Stop);
        Assert.Empty(result.Errors);
        return result;
    }
}
