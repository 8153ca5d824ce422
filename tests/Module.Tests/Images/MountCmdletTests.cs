using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Images;

/// <summary>Mounting and comparing, as people write it.</summary>
[Collection("Acceptance")]
public sealed class MountCmdletTests : IAsyncLifetime
{
    private readonly RegistryServer _registry = new();
    private readonly Testing.Host.TempStore _store = new();
    private IModuleSession _session = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        LayerBlob shared = LayerBlob.From(new LayerBuilder().File("shared", "s").Directory("etc").File("etc/same", "x").ToTar(), LayerCompression.Gzip);
        for (int i = 1; i <= 2; i++)
        {
            new ImageBuilder().WithLayer(shared).WithLayer(layer => layer.File("etc/own", new string('x', i))).Build().PushTo(_registry, "app", $"v{i}");
        }
        _session = await AcceptanceHost.Instance.OpenAsync(_store.Environment, Stop);
        await RunAsync($"foreach ($v in 'v1', 'v2') {{ $null = Receive-LayerImage {_registry.Host}/app:$v | Add-ImageTag -Tag app:$v }}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.InvokeAsync("Get-LayerImageMount | Dismount-LayerImage -Force -Discard", CancellationToken.None);
            await _session.DisposeAsync();
        }
        await _registry.DisposeAsync();
        _store.Dispose();
    }

    [Fact]
    public async Task Mount_IsListedReadAndDismountedInEveryForm()
    {
        string at = _store["at here"];

        Assert.Equal([at, "True", "True"], (await RunAsync($"Mount-LayerImage app:v1 '{at}' | ForEach-Object {{ $_.Merged; $_.IsReadOnly; $_.IsMounted }}")).Lines);
        Assert.Equal("x", await File.ReadAllTextAsync(at + "/etc/same", Stop));
        Assert.Equal([at], (await RunAsync("(Get-LayerImageMount -Reference app:v1).Merged")).Lines);
        Assert.Equal("ImageInUse", Assert.Single((await _session.InvokeAsync("Get-LayerImage app:v1 | Remove-LayerImage -Confirm:$false", Stop)).Errors).Name);
        await RunAsync("Dismount-LayerImage -Reference app:v1 -WhatIf");
        Assert.True(File.Exists(at + "/etc/same"));
        await RunAsync("Dismount-LayerImage -Reference app:v1");
        await RunAsync($"Get-LayerImage app:v2 | Mount-LayerImage -Path '{at}' | Dismount-LayerImage");
        await RunAsync($"$null = Mount-LayerImage app:v2 '{at}'; Dismount-LayerImage '{at}'");
        Assert.Empty((await RunAsync("Get-LayerImageMount")).Output);
        Assert.Equal("MountNotFound", Assert.Single((await _session.InvokeAsync($"Dismount-LayerImage '{at}'", Stop)).Errors).Name);
        Assert.Empty((await _session.InvokeAsync("Dismount-LayerImage '/nothing/*'", Stop)).Errors);
    }

    [Fact]
    public async Task Folders_AreUnited()
    {
        foreach (string name in (string[])["low", "high"])
        {
            Directory.CreateDirectory(_store[name]);
            await File.WriteAllTextAsync(_store[name] + "/who", name, Stop);
        }

        await RunAsync($"$null = Mount-LayerImage -Layer '{_store["low"]}', '{_store["high"]}' -UpperDir '{_store["up"]}' -Path '{_store["at"]}'");
        Assert.Equal("high", await File.ReadAllTextAsync(_store["at"] + "/who", Stop));
        await File.WriteAllTextAsync(_store["at"] + "/who", "changed", Stop);
        await RunAsync($"Dismount-LayerImage '{_store["at"]}'");

        Assert.Equal("changed", await File.ReadAllTextAsync(_store["up"] + "/who", Stop));
    }

    [Fact]
    public async Task Images_AreCompared()
    {
        Assert.Equal(["Modified /etc/own Content, Size 1 2"], (await RunAsync("Compare-LayerImage app:v1 app:v2 | ForEach-Object { \"$($_.Kind) $($_.Path) $($_.Differences) $($_.SizeBefore) $($_.Size)\" }")).Lines);
        Assert.Equal(["/etc/own"], (await RunAsync("Get-LayerImage app:v2 | Compare-LayerImage app:v1 -Content -Path '/etc/*' | Where-Object Hash -like 'sha256:*' | ForEach-Object Path")).Lines);
        Assert.Empty((await RunAsync("Compare-LayerImage app:v1 app:v2 -Path /shared")).Output);
        Assert.Equal(["/", "/etc", "/etc/own", "/etc/same", "/shared"], (await RunAsync("Compare-LayerImage app:v1 app:v2 -IncludeEqual | ForEach-Object Path")).Lines);
        Assert.Equal("ImageNotFound", Assert.Single((await _session.InvokeAsync("Compare-LayerImage app:v1 nosuch", Stop)).Errors).Name);
    }

    private async Task<SessionResult> RunAsync(string script)
    {
        SessionResult result = await _session.InvokeAsync(script, Stop);
        Assert.True(result.Errors.Count == 0, $"{script}\n{string.Join('\n', result.Errors)}");
        return result;
    }
}
