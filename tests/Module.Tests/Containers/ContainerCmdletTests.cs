using LayerImage.Module.Tests.Acceptance;
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
    [InlineData("Invoke-ContainerCommand web find /tree -name x", "Invoke-ContainerCommand web 'find /tree -name x'", "/tree/x")]
    [InlineData("Invoke-ContainerCommand web find /tree -name x -type f", "Invoke-ContainerCommand web 'find /tree -name x -type f'", "/tree/x")]
    [InlineData("Invoke-ContainerCommand ls /tree -Name web", "Invoke-ContainerCommand 'ls /tree' -Name web", "x")]
    [InlineData("Invoke-ContainerCommand web ls -a /tree/x", "Invoke-ContainerCommand web 'ls -a /tree/x'", "/tree/x")]
    [InlineData("Invoke-ContainerCommand web find /tree/x -user root", "Invoke-ContainerCommand web 'find /tree/x' -user root (or, if -user is the command's, Invoke-ContainerCommand web 'find /tree/x -user root')", "/tree/x")]
    [InlineData("Start-LayerContainer box -Attach -Network none find /bin/sh -name sh", "Start-LayerContainer box -Attach -Network none 'find /bin/sh' -name sh (or, if -name is the command's, Start-LayerContainer box -Attach -Network none 'find /bin/sh -name sh')", "/bin/sh")]
    public async Task AdvisedLine_Works(string line, string advised, string output)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Command sleep,'1000'; Invoke-ContainerCommand web 'mkdir /tree; touch /tree/x'");

        string advice = (await RunAsync($"try {{ {line} -ErrorAction Stop }} catch {{ $_.ErrorDetails.RecommendedAction }}")).Lines.Single();

        Assert.Equal($"Quote the whole command: {advised}", advice.Replace(" -ErrorAction Stop", "", StringComparison.Ordinal));
        string[] lines = advised.TrimEnd(')').Split(" (or, if");
        foreach (string one in (string[])[lines[0], .. lines.Skip(1).Select(other => other[(other.IndexOf(", ", StringComparison.Ordinal) + 2)..])])
        {
            Assert.Equal(output, (await RunAsync(one)).Lines.Single());
        }
    }

    // As with kubectl exec and sudo: to PowerShell, nothing behind -- is a parameter.
    [Theory]
    [InlineData("Invoke-ContainerCommand web -- find /tree -name x", "/tree/x")]
    [InlineData("Invoke-ContainerCommand web -User root -- ls -d -a /tree", "/tree")]
    [InlineData("Get-Container web | Invoke-ContainerCommand -- ls -d /tree", "/tree")]
    [InlineData("Get-Container web, two | Invoke-ContainerCommand -- echo -x", "-x -x")]
    [InlineData("Invoke-ContainerCommand web -- 'echo a | cat'", "a")]
    [InlineData("Invoke-ContainerCommand -- web echo 1", "1")]
    [InlineData("Start-LayerContainer box -Attach -Network none -Remove -- echo -it -p 80:80 --rm", "-it -p 80:80 --rm")]
    [InlineData("Start-LayerContainer box -Attach -Network none -- find /bin/sh -name sh", "/bin/sh")]
    public async Task WordsBehindDashes_AreTheCommands(string line, string output)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("'web', 'two' | ForEach-Object { $null = Start-LayerContainer box -Name $_ -Network none -Command sleep,'1000' }; Invoke-ContainerCommand web 'mkdir /tree; touch /tree/x'");

        Assert.Equal(output, string.Join(' ', (await RunAsync(line)).Lines));
    }

    [Fact]
    public async Task MisspeltParameterBeforeDashes_IsTold()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        Assert.Contains("-Publish", (await RunAsync("try { Start-LayerContainer box -Pubilsh 80 -ErrorAction Stop -- ls -l } catch { $_.ErrorDetails.RecommendedAction }")).Lines.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResultOfACommand_IsReadableAsCsv()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Network none -Command sleep,'1000'");

        Assert.Equal(["a, b", "2 a"], (await RunAsync("$result = Invoke-ContainerCommand web 'echo a; echo b' -AsResult; ($result | ConvertTo-Csv | ConvertFrom-Csv).Output; \"$($result.Output.Count) $($result.Output[0])\"")).Lines);
    }

    [Theory]
    [InlineData("-PidsLimit 0")]
    [InlineData("-PidsLimit -1")]
    [InlineData("-Memory 0")]
    [InlineData("-Memory '0'")]
    public async Task NoLimit_IsNone(string parameter)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        Assert.Equal(["up", "True True"], (await RunAsync($"$made = Start-LayerContainer box {parameter} -Attach -Name web -Command echo,up; $made; $spec = (Get-Container web).Spec; \"$($null -eq $spec.Memory) $($null -eq $spec.PidsLimit)\"")).Lines);
    }

    [Fact]
    public async Task StopWithoutEnd_WaitsLongerThanTheContainersTime()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -StopTimeout 0.2 -Command sh,'-c','trap \"sleep 1; exit 7\" TERM; while true; do sleep 0.1; done'; Start-Sleep 0.5");

        Assert.Equal("7", (await RunAsync("(Stop-LayerContainer web -Timeout -1 -PassThru).ExitCode")).Lines.Single());

        await RunAsync("Start-LayerContainer -Name web; Start-Sleep 0.5");
        Assert.Equal("Running 7", (await RunAsync("$ended = (Get-Container web).ExitCode; $again = Restart-LayerContainer web -Timeout ([timespan]::FromMilliseconds(-1)) -PassThru; \"$($again.State) 7\"")).Lines.Single());
        Assert.Equal("-00:00:00.0010000", (await RunAsync("(New-LayerContainer box -StopTimeout -1 -Command true).Spec.StopTimeout.ToString()")).Lines.Single());
    }

    [Fact]
    public async Task VolumeOptionsThatDoNothing_AreToldWithVerbose()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");

        IReadOnlyList<string> lines = (await RunAsync("$c = New-LayerContainer box -Volume /etc:/host:ro,Z,cached,/tmp:/tmp:rw,z -Command true -Verbose 4>&1; foreach ($line in $c) { if ($line -is [Management.Automation.VerboseRecord]) { $line.Message } }; ($c | Where-Object { $_ -isnot [Management.Automation.VerboseRecord] }).Mounts -join ' '")).Lines;

        Assert.Contains(lines, line => line.Contains("Z,cached does nothing here", StringComparison.Ordinal));
        Assert.Equal("/etc:/host:ro /tmp:/tmp", lines[^1]);
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
