using System.Diagnostics;
using LayerImage.Engine;
using LayerImage.Module.Tests.Acceptance;
using LayerImage.Testing.Host;
using LayerImage.Testing.Module;
using Xunit;

namespace LayerImage.Module.Tests.Containers;

/// <summary>Sessions killed (-9) at many moments: what they were at is done or undone, and what runs goes on.</summary>
public sealed class KilledSessionTests : AcceptanceTest
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        if (Missing is null)
        {
            await ImportBoxAsync();
        }
    }

    [Theory]
    [InlineData("", "Start-LayerContainer box -Name web -Publish 8080 -Command sleep,'100'", "", "web Running", "web Exited")]
    [InlineData("$null = New-LayerContainer box -Name web -Publish 8080 -Command sleep,'100'", "Start-LayerContainer -Name web", "web Created", "web Running", "web Exited")]
    [InlineData("", "New-LayerContainer box -Name web -Command sleep,'100'", "", "web Created")]
    [InlineData("$null = Start-LayerContainer box -Name web -Publish 8080 -Command sleep,'100'", "Remove-LayerContainer web -Force", "", "web Running", "web Exited")]
    public async Task KilledAtAnyMoment_LeavesTheOldStateOrTheNewOne(string before, string command, params string[] states)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        HostSnapshot clean = await HostSnapshot.CaptureAsync(Stop);
        string storeBefore = Folders();
        foreach (int delay in (int[])[0, 60, 120, 180, 240, 320, 400])
        {
            await KillAsync(before, command, TimeSpan.FromMilliseconds(delay));

            IReadOnlyList<string> seen = (await RunAsync("Get-Container | ForEach-Object { \"$($_.Name) $($_.State)\" }")).Lines;
            Assert.Contains(string.Join(';', seen), states);
            if (!seen.Contains("web Running"))
            {
                // Nothing but its files is left, without any further command.
                await HostSnapshot.EnsureSameAsync(clean, TimeSpan.FromSeconds(1), Stop);
            }
            await RunAsync("Get-Container | Remove-LayerContainer -Force");
            await HostSnapshot.EnsureSameAsync(clean, TimeSpan.FromSeconds(2), Stop);
            new LayerImageEngine(Store.Options).RemoveLeftovers(); // as each session does when it begins; this one has begun before
            await EnsureFoldersAsync(storeBefore);
        }
    }

    [Fact]
    public async Task CommitKilled_ThawsByItselfAndLeavesNoHalfLayer()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        await RunAsync("$null = Start-LayerContainer box -Name web -Command sleep,'1000'; Invoke-ContainerCommand web 'head -c 300000000 /dev/zero > /big'");
        string id = (await RunAsync("(Get-Container web).Id")).Lines[0];
        string storeBefore = Folders();

        using Process session = Session("Save-ContainerAsImage web:1 -Name web");
        await UntilAsync(() => IsFrozen(id), TimeSpan.FromSeconds(20));
        session.Kill();

        // Nobody looks at the container meanwhile: the Agent thaws it. That takes some milliseconds; a busy machine has more time.
        long killed = Stopwatch.GetTimestamp();
        await UntilAsync(() => !IsFrozen(id), TimeSpan.FromSeconds(10));
        TestContext.Current.TestOutputHelper?.WriteLine($"It went on {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:F0} ms after the kill.");
        Assert.Equal(["Running"], (await RunAsync("\"$((Get-Container web).State)\"")).Lines);
        Assert.Equal(0, (await TryRunAsync("Invoke-ContainerCommand web true; $LASTEXITCODE")).Output[^1]);
        // A new session, as the killed one will be followed by.
        using Process next = Session("Get-Container");
        await next.WaitForExitAsync(Stop);
        await EnsureFoldersAsync(storeBefore);
        Assert.Empty((await RunAsync("Test-LayerStore -Full; Get-LayerImage web*")).Output);
        Assert.Equal(["2"], (await RunAsync("(Save-ContainerAsImage web:1 -Name web).Layers.Count")).Lines);
    }

    [Fact]
    public async Task EndWithoutAnySession_ReleasesEverythingWithinASecond()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        HostSnapshot clean = await HostSnapshot.CaptureAsync(Stop);
        await RunAsync("$null = Start-HostFirewall");
        HostSnapshot firewall = await HostSnapshot.CaptureAsync(Stop);
        using Process session = Session("Start-LayerContainer box -Name web -Publish 8081:80 -OpenHostPort -Command 'sleep 1; exit 6'; Start-LayerContainer box -Remove -Publish 8082:80 -OpenHostPort -Command sleep,'1'");
        await session.WaitForExitAsync(Stop);

        await HostSnapshot.EnsureSameAsync(firewall, TimeSpan.FromSeconds(3), Stop);

        Assert.Equal(["web 6"], (await RunAsync("Get-Container | ForEach-Object { \"$($_.Name) $($_.ExitCode)\" }")).Lines);
        Assert.Empty((await RunAsync("Get-HostPortRule | Where-Object Owner")).Output);
        await RunAsync("Stop-HostFirewall; Remove-LayerContainer web");
        await HostSnapshot.EnsureSameAsync(clean, TimeSpan.FromSeconds(1), Stop);
    }

    [Fact]
    public async Task ShortLivedContainers_ThatRemoveThemselves_AreNeverMissing()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        SessionResult result = await RunAsync("""
            foreach ($i in 1..10) {
                (Start-LayerContainer box -Remove -Command true).State
                $line = Start-LayerContainer box -Remove -Attach -Command "echo $i; exit 3"
                "$line $LASTEXITCODE"
            }
            """);
        Assert.Equal(Enumerable.Range(1, 10).SelectMany(i => (string[])["Running", $"{i} 3"]), result.Lines);
    }

    // .NET reaps all children of a process that is PID 1, as a container's only program is: no exit code is to be had from the kernel.
    [Fact]
    public async Task SessionThatIsTheFirstProcess_DoesAllOfIt()
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        using Process session = Session("""
            "PID $PID"
            $null = Start-HostFirewall
            "$(Set-HostPortRule 9200 -Scope Runtime)"
            "$((Start-LayerContainer box -Name web -Publish 8081:80 -Command sleep,'1000').State)"
            Invoke-ContainerCommand web 'echo inside; exit 3'
            "code $LASTEXITCODE"
            Invoke-ContainerCommand web -Detach 'sleep 100'
            "$((Save-ContainerAsImage web:1 -Name web).Layers.Count) layers"
            try { Invoke-ContainerCommand web nosuch -ErrorAction Stop } catch { $_.FullyQualifiedErrorId.Split(',')[0] }
            Remove-LayerContainer web -Force
            $null = Stop-HostFirewall
            "$(@(Get-Container).Count) left"
            """, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc");
        string output = await session.StandardOutput.ReadToEndAsync(Stop), error = await session.StandardError.ReadToEndAsync(Stop);

        Assert.Equal("PID 1;9200/tcp;Running;inside;code 3;1 layers;CommandNotFound;0 left", string.Join(';', output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Empty(error);
    }

    // The Agent may come late, and holds a lock for the moment that it takes to see that nothing is left to do.
    private async Task EnsureFoldersAsync(string expected)
    {
        for (int i = 0; i < 50 && Folders() != expected; i++)
        {
            await Task.Delay(100, Stop);
        }
        Assert.Equal(expected.Split('\n'), Folders().Split('\n'));
    }

    // Everything in the store that a container or a commit makes, by name.
    private string Folders() => string.Join('\n', ((string[])["containers", "layers", "scratch"])
        .SelectMany(name => Directory.EnumerateFileSystemEntries(Path.Combine(Store.Options.Root, name)))
        .Concat(Directory.EnumerateFiles(Path.Combine(Store.Options.Root, "locks"), "container-*"))
        .Order(StringComparer.Ordinal));

    private async Task KillAsync(string before, string command, TimeSpan delay)
    {
        string marker = Store["marker"];
        File.Delete(marker);
        using Process session = Session($"{before}; [IO.File]::WriteAllText('{marker}', ''); {command}; [Threading.Thread]::Sleep(60000)");
        await UntilAsync(() => File.Exists(marker) || session.HasExited, TimeSpan.FromSeconds(30));
        await Task.Delay(delay, Stop);
        session.Kill();
        await session.WaitForExitAsync(Stop);
    }

    private Process Session(string script, params string[] within)
    {
        string[] line = [.. within, .. Host.CommandLine(script)];
        ProcessStartInfo start = new(line[0], line.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in Store.Environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    // What both versions of control groups say.
    private static bool IsFrozen(string id) => Directory.EnumerateDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup")
        .SelectMany(folder => (string[])[Path.Combine(folder, "layerimage", id, "freezer.state"), Path.Combine(folder, "layerimage", id, "cgroup.events")])
        .Any(file => File.Exists(file) && File.ReadLines(file).Any(line => line is "FROZEN" or "frozen 1"));

    private static async Task UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"not within {limit.TotalSeconds} s");
            await Task.Delay(5, Stop);
        }
    }
}
