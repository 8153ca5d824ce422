using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.Tests.Runtime;

public sealed class ConmonCommandTests
{
    [Fact]
    public void CommandLine_IsWhatConmonTakes()
    {
        IReadOnlyList<string> command = ConmonCommand.Compose(new ConmonOptions
        {
            ConmonPath = "/usr/bin/conmon",
            RuntimePath = "/run/l/crun-hybrid",
            RuntimeRoot = "/run/l/crun",
            Id = "0a",
            Name = "web",
            Bundle = "/run/l/bundles/0a",
            ExitDirectory = "/run/l/exits",
            LogPath = "/var/l/0a/log",
            Terminal = true,
            StandardInput = true,
            ExitCommand = ["/opt/agent", "ended", "0a b"],
        });

        Assert.Equal("""
            /usr/bin/conmon|--api-version|1|--cid|0a|--cuuid|0a|--name|web|--runtime|/run/l/crun-hybrid|--runtime-arg|--root=/run/l/crun|--bundle|/run/l/bundles/0a|--container-pidfile|/run/l/bundles/0a/pid|--conmon-pidfile|/run/l/bundles/0a/conmon.pid|--exit-dir|/run/l/exits|--persist-dir|/run/l/bundles/0a|--full-attach|--log-path|k8s-file:/var/l/0a/log|--log-level|warning|--no-sync-log|--terminal|--stdin|--exit-command|/opt/agent|--exit-command-arg|ended|--exit-command-arg|0a b
            """, string.Join('|', command));
    }

    [Theory]
    [InlineData("""{"data": 4711}""", 4711, "")]
    [InlineData("""{"data": -1, "message": "boom \"x\""}""", -1, "boom \"x\"")]
    [InlineData("rubbish", -1, "rubbish")]
    public void Answer_IsRead(string answer, int pid, string message) => Assert.Equal((pid, message), ConmonProcess.Parse(answer));

    [Fact]
    public void Answer_MayBeMissing() => Assert.Null(ConmonProcess.Parse(""));

    [Theory]
    [InlineData("executable file `x` not found in $PATH: No such file or directory", EngineError.CommandNotFound)]
    [InlineData("exec: \"x\": executable file not found in $PATH: unknown", EngineError.CommandNotFound)]
    [InlineData("open executable: Permission denied", EngineError.CommandNotExecutable)]
    [InlineData("executable file `/etc/x` not found: No such file or directory", EngineError.CommandNotFound)]
    [InlineData("the path `/etc/passwd` exists but it is not executable: Operation not permitted", EngineError.CommandNotExecutable)]
    [InlineData("the path `/etc` is not a regular file: Operation not permitted", EngineError.CommandNotExecutable)]
    [InlineData("mount `/a` to `/b`: Permission denied", EngineError.RuntimeFailed)]
    [InlineData("cgroups in hybrid mode not supported, drop all controllers from cgroupv2", EngineError.RuntimeFailed)]
    public void RuntimesWords_BecomeErrors(string text, EngineError expected) => Assert.Equal(expected, RuntimeErrors.FromText(text, "x").Error);
}
