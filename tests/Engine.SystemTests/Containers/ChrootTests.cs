using System.Diagnostics;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Runtime;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>
/// Sessions whose root directory is not the machine's. In a chroot a container's mount namespace has the host's root: a command
/// that joins it would run there, as root.
/// </summary>
[Collection("Containers")]
public sealed class ChrootTests
{
    // Each shows the whole machine beneath another root, in a mount namespace of its own: the folder $0, then the command.
    private const string
        OnAMount = """mount --rbind / "$0" && exec chroot "$0" "$@" """,
        OnAFolder = """
            mount -t tmpfs none "$0" && mkdir "$0/root" && cd / && for name in *; do
              if [ -L "$name" ]; then cp -d "$name" "$0/root/"; elif [ -d "$name" ]; then mkdir "$0/root/$name" && mount --rbind "$name" "$0/root/$name" || exit 9; fi
            done && exec chroot "$0/root" "$@"
            """,
        Pivoted = """mount --rbind / "$0" && cd "$0" && pivot_root . . && umount -l . && cd / && exec "$@" """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(OnAMount, "start")]
    [InlineData(OnAMount, "run")]
    [InlineData(OnAMount, "restart")]
    [InlineData(OnAMount, "exec")]
    [InlineData(OnAFolder, "start")]
    [InlineData(OnAFolder, "exec")]
    public async Task InAChroot_NothingIsStarted(string way, string verb)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container running = await harness.RunAsync("sleep 100"), stopped = await harness.NewAsync("sleep 100");
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        string ran = harness.Layout.Root + "/ran", command = $"mkdir -p {harness.Layout.Root}; touch {ran}";

        (int code, _, string error) = await BeneathAsync(way, harness, verb switch
        {
            "start" => [verb, stopped.Id],
            "restart" => [verb, running.Id],
            "exec" => [verb, running.Id, command],
            _ => [verb, "box", command],
        });

        Assert.True(code == 1 && error.StartsWith("RootNotIsolated ", StringComparison.Ordinal), error);
        Assert.False(File.Exists(ran));
        Assert.Equal((running.ProcessId, ContainerState.Created), ((await harness.Containers.GetAsync(running.Id, Stop)).ProcessId, (await harness.Containers.GetAsync(stopped.Id, Stop)).State));
        Assert.Equal(2, (await harness.Containers.ListAsync(Stop)).Count);
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
    }

    [Fact]
    public async Task InAPivotedRoot_ContainersRunAndCommandsStayInThem()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();

        (int code, string output, string error) = await BeneathAsync(Pivoted, harness, "run", "box", $"cat /srv/www.dist/index.html; ls -d {harness.Layout.Root} 2>/dev/null");

        Assert.True(code == 0, error);
        Assert.Equal(BusyboxRootFs.HomePage, output);
    }

    // By an earlier version, say.
    [Fact]
    public async Task ContainerStartedInAChroot_IsKnownByItsNamespace()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container sound = await harness.RunAsync("sleep 100");
        string merged = harness.Layout.Merged(sound.Id);
        Assert.True(NamespaceRoot.IsOwn());
        Assert.True(NamespaceRoot.IsFolder(sound.ProcessId!.Value, merged));
        string folder = Directory.CreateDirectory(Path.Combine(harness.Layout.Run, "beneath")).FullName;
        using Process inChroot = Process.Start(new ProcessStartInfo("unshare", ["-m", "sh", "-c", OnAMount, folder, "sh", "-c", "echo; exec sleep 100"]) { RedirectStandardOutput = true })!;
        try
        {
            _ = await inChroot.StandardOutput.ReadLineAsync(Stop);

            Assert.False(NamespaceRoot.IsFolder(inChroot.Id, folder));
            Assert.True(NamespaceRoot.IsFolder(inChroot.Id, "/"));
        }
        finally
        {
            inChroot.Kill();
            await inChroot.WaitForExitAsync(Stop);
        }
        Assert.Null(NamespaceRoot.IsFolder(inChroot.Id, folder));
    }

    private static async Task<(int Code, string Output, string Error)> BeneathAsync(string way, ContainerHarness harness, params string[] words)
    {
        string folder = Directory.CreateDirectory(Path.Combine(harness.Layout.Run, "beneath")).FullName;
        using Process child = StoreChild.Start(["unshare", "-m", "sh", "-c", way, folder], typeof(ChrootTests).Assembly.Location, harness.Engine.Options, null, words);
        Task<string> output = child.StandardOutput.ReadToEndAsync(Stop);
        string error = await child.StandardError.ReadToEndAsync(Stop);
        await child.WaitForExitAsync(Stop);
        return (child.ExitCode, await output, error);
    }
}
