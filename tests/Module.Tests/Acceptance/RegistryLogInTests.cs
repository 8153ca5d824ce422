using LayerImage.Engine.Errors;
using LayerImage.Engine.Registry;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>Connect-, Get- and Disconnect-ImageRegistry, and what a log-in is good for.</summary>
public sealed class RegistryLogInTests : AcceptanceTest
{
    private const string Password = "s3cret-pass";
    private readonly RegistryServer _registry = new() { Authentication = new RegistryAuthentication("Bearer", "user", Password) };

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _registry.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task LogIn_LetsReceive_UntilItIsForgotten()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        string reference = new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_registry, "private/image");

        RegistryLogin login = Assert.IsType<RegistryLogin>(Assert.Single((await RunAsync($"{Credential(Password)}; Connect-ImageRegistry {_registry.Host} $credential -WarningAction SilentlyContinue")).Output));
        await RunAsync($"Receive-LayerImage {reference} -RetryCount 0");

        Assert.Equal((_registry.Host, "user"), (login.Server, login.UserName));
        Assert.Equal([login], (await RunAsync("Get-ImageRegistry 127.*")).Output);
        await RunAsync("Get-ImageRegistry | Disconnect-ImageRegistry -WhatIf");
        Assert.Single((await RunAsync("Get-ImageRegistry")).Output);
        await RunAsync("Get-ImageRegistry | Disconnect-ImageRegistry");
        Assert.Empty((await RunAsync("Get-ImageRegistry")).Output);
        await FailsAsync($"Receive-LayerImage {reference}", EngineError.RegistryUnauthorized);
    }

    [Fact]
    public async Task Password_IsNowhereToBeSeen()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        SessionResult said = await RunAsync($"{Credential(Password)}; & {{ Connect-ImageRegistry {_registry.Host} $credential -Verbose -Debug; Get-ImageRegistry -Verbose }} *>&1 | ForEach-Object {{ \"$_ $($_.PSObject.Properties | ForEach-Object Value)\" }}");
        SessionResult refused = await TryRunAsync($"{Credential("wr0ng-secret")}; Connect-ImageRegistry {_registry.Host} $credential");

        Assert.NotEmpty(said.Output);
        Assert.All(said.Lines, line => Assert.DoesNotContain(Password, line, StringComparison.Ordinal));
        Assert.DoesNotContain("wr0ng-secret", Assert.Single(refused.Errors).ToString(), StringComparison.Ordinal);
        Assert.StartsWith(nameof(EngineError.RegistryUnauthorized), refused.Errors[0].Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotThere_IsAnErrorForANameOnly()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        await FailsAsync("Get-ImageRegistry nowhere.example.com", EngineError.RegistryLoginNotFound);
        await FailsAsync("Disconnect-ImageRegistry nowhere.example.com", EngineError.RegistryLoginNotFound);
        await FailsAsync($"{Credential("x")}; Connect-ImageRegistry 'no registry' $credential", EngineError.ParameterInvalid);
        Assert.Empty((await RunAsync("Get-ImageRegistry *.example.com")).Output);
    }

    [Fact]
    public async Task WhatIf_AsksAndKeepsNothing()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        await RunAsync($"{Credential(Password)}; Connect-ImageRegistry {_registry.Host} $credential -WhatIf");

        Assert.Empty(_registry.Requests);
        Assert.Empty((await RunAsync("Get-ImageRegistry")).Output);
    }

    private static string Credential(string password) =>
        $"$secret = [securestring]::new(); '{password}'.ToCharArray() | ForEach-Object {{ $secret.AppendChar($_) }}; $credential = [pscredential]::new('user', $secret)";

    private async Task FailsAsync(string script, EngineError error)
    {
        SessionResult result = await TryRunAsync(script);
        Assert.StartsWith(error.ToString(), Assert.Single(result.Errors).Name, StringComparison.Ordinal);
    }
}
