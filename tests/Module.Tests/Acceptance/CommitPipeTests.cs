using LayerImage.Engine.Errors;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>Save-ContainerAsImage in pipelines.</summary>
public sealed class CommitPipeTests : AcceptanceTest
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Missing is null)
        {
            await ImportBoxAsync();
            await RunAsync("foreach ($name in 'web1', 'web2', 'Db') { New-LayerContainer box 'echo x >/tmp/x; echo y >/root/y; rm /srv/www.dist/index.html' -Name $name -Network none | Start-LayerContainer | Wait-LayerContainer }");
        }
    }

    [Fact]
    public async Task Containers_AreCommittedUnderTheirNames()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        Assert.Equal(["db:latest", "web1:latest", "web2:latest"], await TextsAsync("Get-Container web*, db | Save-ContainerAsImage | ForEach-Object Reference"));
        Assert.Equal(["team/web1:2", "team/web2:2"], await TextsAsync("Get-Container web* | Save-ContainerAsImage -Reference { \"team/$($_.Name):2\" } -PassThru | ForEach-Object Reference"));
        await FailsAsync("Get-Container web* | Save-ContainerAsImage one:1", "one:1", nameof(EngineError.NameInUse));
        Assert.Equal(["again:1"], await TextsAsync("Get-LayerImage team/web1:2 | New-LayerContainer -Command true -Name again -Network none | Save-ContainerAsImage again:1 | ForEach-Object Reference"));
    }

    [Fact]
    public async Task Changes_AreTheLayer()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        const string Paths = "Compare-LayerImage box chosen:1 | ForEach-Object Path";

        await RunAsync("Get-ContainerChange web1 | Where-Object Path -notlike '/tmp*' | Where-Object Kind -ne Deleted | Save-ContainerAsImage chosen:1 -Name web1");
        string[] named = await TextsAsync(Paths);
        Assert.Contains("/root/y", named);
        Assert.DoesNotContain("/tmp/x", named);
        Assert.DoesNotContain("/srv/www.dist/index.html", named);

        await RunAsync("Get-ContainerChange web1 | Where-Object Path -eq /tmp/x | Save-ContainerAsImage chosen:1");
        Assert.DoesNotContain("/root/y", await TextsAsync(Paths));

        await RunAsync("Save-ContainerAsImage chosen:1 -Name web1 -Exclude '/tmp/*', '/root'");
        string[] left = await TextsAsync(Paths);
        Assert.Contains("/srv/www.dist/index.html", left);
        Assert.DoesNotContain(left, path => path is "/tmp/x" or "/root/y");

        // As docker's patterns: the slash at the root may be left out. One that leaves nothing out is told, also to who gives several.
        await RunAsync("Save-ContainerAsImage chosen:1 -Name web1 -Exclude '/tmp', '/root'");
        left = await TextsAsync(Paths);
        Assert.Equal(["-Exclude 'temp' fits no change: nothing was left out by it."],
            await TextsAsync("$null = Save-ContainerAsImage chosen:1 -Name web1 -Exclude 'tmp', './root/', 'temp', '/tmp/x' -WarningVariable said; $said | Where-Object Message -like '-Exclude*'"));
        Assert.Equal(left, await TextsAsync(Paths));
        await FailsAsync("Get-ContainerChange web1 | Save-ContainerAsImage chosen:2 -Name web2", "web1", nameof(EngineError.ParameterInvalid));
        await FailsAsync("Save-ContainerAsImage chosen:3 -Name web1 -Change 'RUN true'", "RUN true", nameof(EngineError.ParameterInvalid));
    }

    // A hashtable has another order in each process.
    [Fact]
    public async Task VariablesOfAHashtable_AreInTheirNamesOrder()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        SessionResult result = await RunAsync("""
            $null = New-LayerContainer box true -Name ordered -Network none -Environment @{ F = 6; B = 2; D = 4; A = 1; E = 5; C = 3 }
            (Save-ContainerAsImage ordered:1 -Name ordered).Config.Config.Env | Where-Object { $_ -notlike 'PATH*' }
            """);
        Assert.Equal(["A=1", "B=2", "C=3", "D=4", "E=5", "F=6"], result.Lines);
        Assert.Equal(["Z=1", "A=2"], (await RunAsync("(New-LayerContainer box true -Network none -Environment ([ordered]@{ Z = 1; A = 2 })).Spec.Environment")).Lines);
    }

    // What is piped is a container and no name: another one that has its name by then is not meant.
    [Fact]
    public async Task ContainerOrImageGoneMeanwhile()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$gone = Get-Container web1; Remove-LayerContainer web1; $null = New-LayerContainer box -Name web1 -Command true -Network none");
        await FailsAsync("$gone | Save-ContainerAsImage gone:1", "There is no container", nameof(EngineError.ContainerNotFound));

        await RunAsync("$left = Get-Container web2; $null = Remove-LayerImage box -Force");
        Assert.Equal(["orphan:1"], await TextsAsync("$left | Save-ContainerAsImage orphan:1 -Provenance | ForEach-Object Reference"));
        Assert.Equal(["web2"], await TextsAsync("Get-ImageHistory orphan:1 | Where-Object Provenance | ForEach-Object { $_.Provenance.Container }"));
        Assert.Equal(["orphan:1"], await TextsAsync("Get-LayerImage | ForEach-Object Tags"));
        Assert.Empty(await TextsAsync("Test-LayerStore -Full"));
    }

    [Fact]
    public async Task Squashed_IsOneLayer()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        Assert.Equal(["1 squashed:1"], await TextsAsync("Get-Container web1 | Save-ContainerAsImage squashed:1 -Squash | ForEach-Object { \"$($_.Layers.Count) $($_.Reference)\" }"));
        Assert.Equal(["x"], await TextsAsync("Start-LayerContainer squashed:1 'cat /tmp/x' -Network none -Attach -Remove"));
        await FailsAsync("Save-ContainerAsImage squashed:2 -Name web1 -Squash -Exclude /tmp", "squashed image", nameof(EngineError.ParameterInvalid));
        Assert.Empty(await TextsAsync("Get-LayerImage squashed:2 -ErrorAction Ignore"));
    }

    private async Task FailsAsync(string script, string named, string error)
    {
        SessionResult result = await TryRunAsync(script);
        Assert.Contains(result.Errors, found => found.Name == error && found.Message.Contains(named, StringComparison.Ordinal));
    }

    private async Task<string[]> TextsAsync(string script) => [.. (await RunAsync(script)).Lines.Order(StringComparer.Ordinal)];
}
