using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.SystemTests.Runtime;

public sealed class ContainerLifecycleTests
{
    [Fact]
    public async Task Container_GoesThroughItsWholeLife()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "echo hello; sleep 100; true"); // a shell executes its last command in its own place
        Assert.Equal(RuntimeStatus.Unknown, harness.Runtime.GetState(options.Id).Status);

        ProcessIdentity process = await harness.Runtime.CreateAsync(harness.Launch(options), CancellationToken.None);
        Assert.Equal(RuntimeStatus.Created, harness.Runtime.GetState(options.Id).Status);
        Assert.Empty(await harness.LogAsync(options.Id));

        await harness.Runtime.StartAsync(options.Id, CancellationToken.None);
        await harness.Runtime.StartAsync(options.Id, CancellationToken.None);
        Assert.Equal(RuntimeStatus.Running, harness.Runtime.GetState(options.Id).Status);
        await RuntimeHarness.UntilAsync(() => File.ReadAllText($"/proc/{process.Pid}/cmdline").StartsWith("sh", StringComparison.Ordinal), "the program runs");

        await harness.Runtime.PauseAsync(options.Id, CancellationToken.None);
        Assert.Equal(RuntimeStatus.Paused, harness.Runtime.GetState(options.Id).Status);
        await harness.Runtime.ResumeAsync(options.Id, CancellationToken.None);
        Assert.Equal(RuntimeStatus.Running, harness.Runtime.GetState(options.Id).Status);

        LayerImageException refused = await Assert.ThrowsAsync<LayerImageException>(() => harness.Runtime.DeleteAsync(options.Id, force: false, CancellationToken.None));
        Assert.Equal(EngineError.ContainerRunning, refused.Error);

        Assert.True(harness.Runtime.Kill(options.Id, 9));
        RuntimeState ended = await harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline);
        Assert.Equal((RuntimeStatus.Stopped, 137), (ended.Status, ended.ExitCode));
        Assert.Equal("hello", Assert.Single(await harness.LogAsync(options.Id)).Message);

        await harness.Runtime.DeleteAsync(options.Id, force: false, CancellationToken.None);
        await harness.Runtime.DeleteAsync(options.Id, force: false, CancellationToken.None);
        Assert.Equal(137, harness.Runtime.GetState(options.Id).ExitCode);
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 42", 42)]
    [InlineData("kill -TERM $$; kill -9 $$", 0)] // the first process of a namespace is deaf to its own signals
    public async Task Container_ReportsItsExitCode(string script, int expected)
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();

        (int? exitCode, _) = await harness.OutputAsync(harness.Options("sh", "-c", script));

        Assert.Equal(expected, exitCode);
    }

    [Fact]
    public async Task Container_CanBeStartedAgainUnderTheSameId()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "echo once; exit 3");
        await harness.OutputAsync(options);

        (int? exitCode, string output) = await harness.OutputAsync(options);

        Assert.Equal((3, "once\nonce"), (exitCode, output));
    }

    [Fact]
    public async Task Kill_EndsAPausedContainer()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);
        await harness.Runtime.PauseAsync(options.Id, CancellationToken.None);

        harness.Runtime.Kill(options.Id, 9);

        Assert.Equal(137, (await harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline)).ExitCode);
    }

    [Theory]
    [InlineData("nosuch", EngineError.CommandNotFound)]
    [InlineData("/etc/passwd", EngineError.CommandNotExecutable)]
    public async Task Create_NamesACommandThatCannotRunAndLeavesNothing(string command, EngineError expected)
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options(command);

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => harness.Runtime.CreateAsync(harness.Launch(options), CancellationToken.None));

        Assert.Equal(expected, error.Error);
        Assert.Equal(command, error.Target);
        await RuntimeHarness.UntilAsync(() => !harness.LeftBehind().Any(), "nothing is left");
    }

    [Fact]
    public async Task Conmon_RunsTheExitCommandAlsoWhenCreateFailed()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("nosuch");
        string mark = Path.Combine(harness.Folder, "mark");
        ContainerLaunch launch = harness.Launch(options) with { ExitCommand = ["/bin/sh", "-c", "echo ran > " + mark] };

        await Assert.ThrowsAsync<LayerImageException>(() => harness.Runtime.CreateAsync(launch, CancellationToken.None));

        await RuntimeHarness.UntilAsync(() => File.Exists(mark), "the exit command ran");
        Assert.Equal(RuntimeStatus.Unknown, harness.Runtime.GetState(options.Id).Status);
    }

    [Fact]
    public async Task Create_TellsWhatTheRuntimeRefused()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("true") with { Mounts = [new BindMount("/nowhere", "/mnt")] };

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => harness.Runtime.CreateAsync(harness.Launch(options), CancellationToken.None));

        Assert.Equal(EngineError.RuntimeFailed, error.Error);
        Assert.Contains("/nowhere", error.Message);
    }

    [Fact]
    public async Task Conmon_RunsTheExitCommandAfterTheExitFileIsThere()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "exit 7");
        string mark = Path.Combine(harness.Folder, "mark");

        await harness.RunAsync(options, launch => launch with
        {
            ExitCommand = ["/bin/sh", "-c", $"cat {harness.Paths.ExitFile(options.Id)} > {mark}.tmp; mv {mark}.tmp {mark}", "agent"],
        });

        await RuntimeHarness.UntilAsync(() => File.Exists(mark), "the exit command ran");
        Assert.Equal("7", File.ReadAllText(mark).Trim());
    }

    [Fact]
    public async Task Conmon_HoldsTheGivenHandlesAndNothingOfOurs()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        using Socket reserved = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        string socket = File.ResolveLinkTarget($"/proc/self/fd/{reserved.Handle}", false)!.Name;

        ProcessIdentity process = await harness.RunAsync(options, launch => launch with { HeldHandles = [reserved.SafeHandle] });

        // The handles close when the program is executed, which is after the start has returned.
        await RuntimeHarness.UntilAsync(() => File.ReadAllText($"/proc/{process.Pid}/cmdline").StartsWith("sleep", StringComparison.Ordinal), "the program runs");
        string[] ours = [.. OpenFiles(Environment.ProcessId)];
        string[] conmons = [.. OpenFiles(harness.Conmon(options.Id))];
        Assert.Contains(socket, conmons);
        Assert.DoesNotContain(socket, OpenFiles(process.Pid));
        Assert.Equal([socket], conmons.Where(file => ours.Contains(file) && (file.StartsWith("socket:", StringComparison.Ordinal) || file.StartsWith("pipe:", StringComparison.Ordinal) || file.StartsWith("/dev/pts", StringComparison.Ordinal))));
        Assert.All([0, 1, 2], fd => Assert.Equal("/dev/null", File.ResolveLinkTarget($"/proc/{harness.Conmon(options.Id)}/fd/{fd}", false)!.FullName));
        string stat = File.ReadAllText($"/proc/{harness.Conmon(options.Id)}/stat");
        Assert.Equal(harness.Conmon(options.Id).ToString(), stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
    }

    [Fact]
    public async Task Wait_EndsWhenTheMonitorWasKilled()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);

        Assert.True(ProcessIdentity.Of(harness.Conmon(options.Id))!.Value.Signal(9));
        harness.Runtime.Kill(options.Id, 9);

        RuntimeState state = await harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline);
        Assert.Equal((RuntimeStatus.Stopped, null), (state.Status, state.ExitCode));
    }

    [Fact]
    public async Task Start_SaysThatTheContainerHasEnded()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("true");
        await harness.Runtime.CreateAsync(harness.Launch(options), CancellationToken.None);
        harness.Runtime.Kill(options.Id, 9);
        await harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline);

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => harness.Runtime.StartAsync(options.Id, CancellationToken.None));

        Assert.Equal(EngineError.ContainerNotRunning, error.Error);
    }

    private static IEnumerable<string> OpenFiles(int pid) => Directory.EnumerateFiles($"/proc/{pid}/fd")
        .Select(path =>
        {
            try
            {
                string? target = new FileInfo(path).LinkTarget;
                return target ?? "";
            }
            catch (IOException)
            {
                return "";
            }
        });
}
