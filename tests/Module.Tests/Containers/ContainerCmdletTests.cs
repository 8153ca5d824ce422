using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing.Host;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Containers;

/// <summary>What the cmdlets of containers promise beside the story.</summary>
public sealed class ContainerCmdletTests : AcceptanceTest
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Missing is null)
        {
            await ImportBoxAsync();
        }
    }

    [Fact]
    public async Task Restarted_StaysAlthoughItIsRemovedAtItsEnd()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Remove -Command sleep,'1000'; Invoke-ContainerCommand web 'echo kept >/kept'");

        Assert.Equal(["Running", "kept"], (await RunAsync("(Restart-LayerContainer web -Timeout 0 -PassThru).State; Invoke-ContainerCommand web 'cat /kept'")).Lines);

        Assert.Empty((await RunAsync("Stop-LayerContainer web -Timeout 0; Get-Container")).Lines);
    }

    [Theory]
    [InlineData("Start-LayerContainer box -Attach -Command nowhere,x", "CommandNotFound", "127")]
    [InlineData("Start-LayerContainer box -Attach -Command /etc,x", "CommandNotExecutable", "126")]
    [InlineData("Invoke-ContainerCommand web nowhere,x", "CommandNotFound", "127")]
    public async Task ProgramThatCannotStart_HasDockersExitCode(string command, string error, string exitCode)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Command sleep,'1000'");

        Assert.Equal([error, exitCode], (await RunAsync($"try {{ $LASTEXITCODE = 0; {command} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId.Split(',')[0] }}; $global:LASTEXITCODE")).Lines);
    }

    [Theory]
    [InlineData("Suspend-LayerContainer web; Invoke-ContainerCommand web 'true'", "The container web is paused.")]
    [InlineData("Invoke-ContainerCommand web 'true' -Detach -AsResult", "has no result yet")]
    [InlineData("Wait-LayerContainer web -Condition LogMatch -Pattern '['", "not a regular expression")]
    public async Task WhatCannotBe_IsToldByNameAndWithAdvice(string command, string says)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Command sleep,'1000'");

        IReadOnlyList<string> told = (await RunAsync($"try {{ $ErrorActionPreference = 'Stop'; {command} }} catch {{ $_.ErrorDetails.Message; [bool]$_.ErrorDetails.RecommendedAction }}")).Lines;

        Assert.Contains(says, told[0], StringComparison.Ordinal);
        Assert.Equal("True", told[1]);
    }
}
