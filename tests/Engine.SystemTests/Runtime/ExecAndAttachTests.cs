using System.Text;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.SystemTests.Runtime;

public sealed class ExecAndAttachTests
{
    [Fact]
    public async Task Exec_StreamsBothOutputsAndReturnsTheExitCode()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);

        (int exitCode, List<OutputLine> lines) = await harness.ExecAsync(options, null, "sh", "-c", "echo out; echo err >&2; grep Seccomp: /proc/self/status; exit 5");

        Assert.Equal(5, exitCode);
        Assert.Equal(["out", "Seccomp:\t2"], lines.Where(line => line.Stream == LogStream.Stdout).Select(line => line.Text));
        Assert.Equal("err", Assert.Single(lines, line => line.Stream == LogStream.Stderr).Text);
    }

    [Fact]
    public async Task Exec_ReadsStandardInputToItsEnd()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);
        byte[] input = Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 50_000)));

        (_, List<OutputLine> lines) = await harness.ExecAsync(options, new MemoryStream(input), "cat");

        Assert.Equal(Enumerable.Range(0, 50_000).Select(number => number.ToString()), lines.Select(line => line.Text));
    }

    [Theory]
    [InlineData("nosuch", EngineError.CommandNotFound)]
    [InlineData("/etc/nosuch", EngineError.CommandNotFound)]
    [InlineData("/etc/passwd", EngineError.CommandNotExecutable)]
    public async Task Exec_NamesACommandThatCannotRun(string command, EngineError expected)
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);

        LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => harness.ExecAsync(options, null, command));

        Assert.Equal((expected, command), (error.Error, error.Target));
    }

    [Fact]
    public async Task Exec_DisposedInMidWork_LeavesNoProcessInside()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options.With(spec => spec with { Command = ["sh", "-c", "sleep 200; echo over"] }), harness.Host);

        await using (ExecProcess exec = await harness.Runtime.ExecAsync(options.Id, new ExecOptions { Process = process }, RuntimeHarness.Deadline))
        {
            await RuntimeHarness.UntilAsync(() => harness.Cgroups.Processes(options.Id).Count == 3, "sh and its child run");
            using CancellationTokenSource cancel = new(TimeSpan.FromMilliseconds(50));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => exec.WaitAsync(cancel.Token));
        }

        await RuntimeHarness.UntilAsync(() => harness.Cgroups.Processes(options.Id).Count == 1, "only the container's own process is left");
        Assert.Equal(RuntimeStatus.Running, harness.Runtime.GetState(options.Id).Status);
        Assert.Empty(Directory.EnumerateFiles(harness.Paths.Bundle(options.Id), "exec-*"));
    }

    [Fact]
    public async Task Exec_DisposedBeforeItsNumberIsWritten_LeavesNoProcessInside()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        ProcessIdentity container = await harness.RunAsync(options);
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options.With(spec => spec with { Command = ["sh", "-c", "while :; do echo y; done"] }), harness.Host);
        string[] crun = ["/bin/sh", "-c", "for word; do shift; case $word in --pid-file=*) ;; *) set -- \"$@\" \"$word\" ;; esac; done; exec \"$@\"", "crun", .. harness.Runtime.Crun()];

        await using (ExecProcess exec = await ExecProcess.StartAsync(crun, options.Id, harness.Paths.Bundle(options.Id), harness.Cgroups, container, new ExecOptions { Process = process }, RuntimeHarness.Deadline))
        {
            await foreach (OutputLine line in exec.ReadLinesAsync(RuntimeHarness.Deadline))
            {
                Assert.Equal("y", line.Text);
                break;
            }
        }

        await RuntimeHarness.UntilAsync(() => harness.Cgroups.Processes(options.Id).Count == 1, "only the container's own process is left");
    }

    [Fact]
    public async Task Exec_ReturnsThoughABackgroundProcessKeepsThePipes()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);

        (int exitCode, List<OutputLine> lines) = await harness.ExecAsync(options, null, "sh", "-c", "sleep 300 & echo started");

        Assert.Equal((0, "started"), (exitCode, Assert.Single(lines).Text));
        Assert.Equal(2, harness.Cgroups.Processes(options.Id).Count);
    }

    [Fact]
    public async Task Exec_Detached_GoesOnByItself()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options.With(spec => spec with { Command = ["sh", "-c", "echo done > /tmp/detached"] }), harness.Host);

        await using ExecProcess exec = await harness.Runtime.ExecAsync(options.Id, new ExecOptions { Process = process, Detach = true }, RuntimeHarness.Deadline);

        await RuntimeHarness.UntilAsync(() => File.Exists(Path.Combine(harness.RootFsPath, "tmp", "detached")), "it ran");
    }

    // Through the host's own, a container could take it away from everybody: chmod 0 /proc/self/fd/0.
    [Theory]
    [InlineData("true")]
    [InlineData("rm /dev/null; mknod /dev/null c 1 5")]
    public async Task Exec_Detached_HasNothingOfTheHosts(string before)
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sleep", "100");
        await harness.RunAsync(options);
        await harness.ExecAsync(options, null, "sh", "-c", before.Replace("mknod", "/bin/busybox mknod", StringComparison.Ordinal).Replace("rm ", "/bin/busybox rm ", StringComparison.Ordinal));
        SpecProcess process = RuntimeSpecBuilder.BuildExec(options.With(spec => spec with { Command = ["sh", "-c", "for fd in 0 1 2; do /bin/busybox stat -L -c '%d.%i %t.%T' /proc/self/fd/$fd; done > /tmp/seen.part; cat > /tmp/read; mv() { /bin/busybox mv \"$@\"; }; mv /tmp/seen.part /tmp/seen"] }), harness.Host);

        await using ExecProcess exec = await harness.Runtime.ExecAsync(options.Id, new ExecOptions { Process = process, Detach = true }, RuntimeHarness.Deadline);

        string seen = Path.Combine(harness.RootFsPath, "tmp", "seen");
        await RuntimeHarness.UntilAsync(() => File.Exists(seen), "it ran");
        string host = await Images.ImageHarness.ShellAsync("stat -L -c '%d.%i' /dev/null");
        Assert.DoesNotContain(File.ReadLines(seen), line => line.StartsWith(host + " ", StringComparison.Ordinal) || line.EndsWith(" 1.5", StringComparison.Ordinal));
        Assert.Equal(3, File.ReadLines(seen).Count());
        Assert.Equal("", File.ReadAllText(Path.Combine(harness.RootFsPath, "tmp", "read")));
    }

    [Fact]
    public async Task Attach_EchoesStandardInputAndSeesItsEnd()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "cat; echo end >&2; exit 4");
        await harness.Runtime.CreateAsync(harness.Launch(options) with { StandardInput = true }, CancellationToken.None);
        await using AttachSession session = await AttachSession.ConnectAsync(harness.Paths.Bundle(options.Id), RuntimeHarness.Deadline);
        await harness.Runtime.StartAsync(options.Id, CancellationToken.None);
        byte[] input = Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 30_000)) + "\n");
        MemoryStream output = new(), error = new();

        await session.PumpAsync(new MemoryStream(input), output, error, RuntimeHarness.Deadline);

        Assert.Equal(input, output.ToArray());
        Assert.Equal("end\n", Encoding.ASCII.GetString(error.ToArray()));
        Assert.Equal(4, (await harness.Runtime.WaitAsync(options.Id, RuntimeHarness.Deadline)).ExitCode);
    }

    [Fact]
    public async Task Terminal_HasASizeAndIsOne()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "tty; read line; stty size; echo $TERM $line").With(spec => spec with { Terminal = true });
        await harness.Runtime.CreateAsync(harness.Launch(options) with { StandardInput = true }, CancellationToken.None);
        await using AttachSession session = await AttachSession.ConnectAsync(harness.Paths.Bundle(options.Id), RuntimeHarness.Deadline);
        await harness.Runtime.StartAsync(options.Id, CancellationToken.None);
        session.Resize(41, 123);
        await Task.Delay(200);
        await session.WriteAsync("word\n"u8.ToArray(), RuntimeHarness.Deadline);
        MemoryStream output = new();

        await session.PumpAsync(null, output, output, RuntimeHarness.Deadline);

        string text = Encoding.ASCII.GetString(output.ToArray());
        Assert.Contains("/dev/pts/0\r\n", text);
        Assert.Contains("41 123\r\nxterm word\r\n", text);
    }

    [Fact]
    public async Task Log_IsFollowedToTheEndAndHasLongLines()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        RuntimeSpecOptions options = harness.Options("sh", "-c", "for i in $(seq 1 5); do echo line $i; sleep 0.1; done; echo err >&2; seq -s , 1 6000; printf 'no end'");
        await harness.RunAsync(options);

        List<LogRecord> records = await harness.LogAsync(options.Id, new LogReadOptions { HasEnded = () => harness.Runtime.GetState(options.Id) is { Status: RuntimeStatus.Stopped, ExitCode: not null } });

        Assert.Equal(["line 1", "line 2", "line 3", "line 4", "line 5"], records.Take(5).Select(record => record.Message));
        Assert.Contains(records, record => record.Message == string.Join(',', Enumerable.Range(1, 6000)));
        Assert.Equal("no end", records[^1].Message);
        Assert.Equal(["no end"], (await harness.LogAsync(options.Id, new LogReadOptions { Tail = 1 })).Select(record => record.Message));
        Assert.All(records, record => Assert.InRange(record.Timestamp, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow));
    }

    [Fact]
    public async Task Create_TakesABundlePathTooLongForASocket()
    {
        Assert.SkipWhen(RuntimeHarness.Missing is not null, RuntimeHarness.Missing ?? "");
        await using RuntimeHarness harness = new();
        CrunRuntime runtime = new(harness.Engine with { Run = Path.Combine(harness.Folder, new string('r', 90)) }, harness.Cgroups);
        RuntimeSpecOptions options = harness.Options("cat");
        await runtime.CreateAsync(harness.Launch(options) with { StandardInput = true }, CancellationToken.None);
        string bundle = new RuntimePaths(Path.Combine(harness.Folder, new string('r', 90))).Bundle(options.Id);
        await using AttachSession session = await AttachSession.ConnectAsync(bundle, RuntimeHarness.Deadline);
        await runtime.StartAsync(options.Id, CancellationToken.None);
        MemoryStream output = new();

        await session.PumpAsync(new MemoryStream("hi"u8.ToArray()), output, output, RuntimeHarness.Deadline);
        await runtime.DeleteAsync(options.Id, force: true, CancellationToken.None);

        Assert.Equal("hi", Encoding.ASCII.GetString(output.ToArray()));
    }
}
