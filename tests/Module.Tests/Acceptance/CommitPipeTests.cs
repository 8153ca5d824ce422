using LayerImage.Engine.Errors;
using LayerImage.Testing.Host;
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
            string root = await BusyboxRootFs.CreateAsync(Store["box"], Stop);
            await RunAsync($"Import-LayerImage -Path '{root}' -Reference box");
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
        await FailsAsync("Get-ContainerChange web1 | Save-ContainerAsImage chosen:2 -Name web2", "web1", nameof(EngineError.ParameterInvalid));
        await FailsAsync("Save-ContainerAsImage chosen:3 -Name web1 -Change 'RUN true'", "RUN true", nameof(EngineError.ParameterInvalid));
    }

    private async Task FailsAsync(string script, string named, string error)
    {
        SessionResult result = await TryRunAsync(script);
        Assert.Contains(result.Errors, found => found.Name == error && found.Message.Contains(named, StringComparison.Ordinal));
    }

    private async Task<string[]> TextsAsync(string script) => [.. (await RunAsync(script)).Lines.Order(StringComparer.Ordinal)];
}
