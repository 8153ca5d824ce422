using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.SystemTests.Store;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>
/// A container that lives is never taken for one that has ended: by a session with another run folder, when the run
/// folder is lost, by records that are older than the container's processes.
/// </summary>
[Collection("Containers")]
public class RunFolderTests
{
    private static readonly string[] s_ofContainers = ["bundles", "crun", "exits"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnotherRunFolder_SeesUsesAndEndsTheContainer()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container container = await harness.RunAsync("trap 'exit 7' TERM; while true; do sleep 0.1; done", "18080:80");
        ContainerService others = harness.WithRunFolder("other").Containers;

        Container seen = await others.GetAsync(container.Id, Stop);
        Assert.Equal((ContainerState.Running, container.ProcessId), (seen.State, seen.ProcessId));
        Assert.Equal(container.ProcessId, (await others.StartAsync(container.Id, null, SilentObserver.Instance, Stop)).ProcessId);
        await using (RunningCommand command = await others.Commands.InvokeAsync(container.Id, new ContainerCommandRequest { Command = ["true"] }, Stop))
        {
            Assert.Equal(0, await command.WaitAsync(Stop));
        }
        LayerImageException refused = await Assert.ThrowsAsync<LayerImageException>(() => others.RemoveAsync(container.Id, force: false, SilentObserver.Instance, Stop));
        Assert.Equal(EngineError.ContainerRunning, refused.Error);

        Container? ended = await others.StopAsync(container.Id, null, null, Stop);
        Assert.Equal((ContainerState.Exited, 7), (ended!.State, ended.ExitCode));
        await others.RemoveAsync(container.Id, force: false, SilentObserver.Instance, Stop);
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
        // crun since 1.14 keeps the filters that it compiled.
        Assert.All(s_ofContainers, folder => Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(Path.Combine(harness.Paths.Run, folder)), path => Path.GetFileName(path) != ".cache"));
    }

    [Fact]
    public async Task LostRunFolder_TheContainerRunsUntilItIsStopped()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container container = await harness.RunAsync("sleep 100", "18080:80");
        Lose(harness);

        Assert.Equal(container.ProcessId, (await harness.Containers.GetAsync(container.Id, Stop)).ProcessId);
        Assert.Equal(container.ProcessId, (await harness.Containers.StartAsync(container.Id, null, SilentObserver.Instance, Stop)).ProcessId);
        LayerImageException refused = await Assert.ThrowsAsync<LayerImageException>(() => harness.Containers.Commands.InvokeAsync(container.Id, new ContainerCommandRequest { Command = ["true"] }, Stop));
        Assert.Contains(harness.Paths.Run, refused.Message, StringComparison.Ordinal);

        Container? ended = await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, Stop);
        Assert.Equal(ContainerState.Exited, ended!.State);
        Assert.False(ProcessIdentity.Of(container.ProcessId!.Value) is not null);
        Assert.Equal(ContainerState.Running, (await harness.Containers.StartAsync(container.Id, null, SilentObserver.Instance, Stop)).State);
        await harness.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, Stop);
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
    }

    [Fact]
    public async Task LostRunFolder_AForcedRemovalEndsTheProcessFirst()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container container = await harness.RunAsync("sleep 100");
        Lose(harness);

        await harness.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, Stop);

        Assert.Null(ProcessIdentity.Of(container.ProcessId!.Value));
        Assert.Empty(CgroupLayout.Read().Processes(container.Id));
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
    }

    // As after a backup of the store was put back while containers ran.
    [Theory]
    [InlineData("Exited")]
    [InlineData("Created")]
    public async Task RecordsOlderThanTheProcesses_AreCorrected(string state)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync("sleep 100");
        harness.Database.Write(transaction => transaction.Execute("UPDATE container SET state = ?2, boot_id = NULL, pid = NULL, pid_start = NULL, exit_code = 0 WHERE id = ?1", container.Id, state));

        Container found = await harness.Containers.StartAsync(container.Id, null, SilentObserver.Instance, Stop);

        Assert.Equal((ContainerState.Running, container.ProcessId, null), (found.State, found.ProcessId, found.ExitCode));
        LayerImageException refused = await Assert.ThrowsAsync<LayerImageException>(() => harness.Containers.RemoveAsync(container.Id, force: false, SilentObserver.Instance, Stop));
        Assert.Equal(EngineError.ContainerRunning, refused.Error);
    }

    // A bundle, a socket, a filter and a process's number are written there: the disk may be full at any of them.
    [Fact]
    public async Task FullRunFolder_IsDiskFull_AndLeavesNothing()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await using SmallDisk disk = await SmallDisk.MountAsync(harness["small"], 4);
        ContainerService containers = harness.WithRunFolder("small/root").Containers;
        Container first = await containers.RunAsync(ContainerHarness.Request("sleep 100", "18080:80"), null, SilentObserver.Instance, Stop);
        await containers.RemoveAsync(first.Id, force: true, SilentObserver.Instance, Stop);
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        int failures = 0;
        foreach (int free in (int[])[0, 4, 8, 12, 20, 28, 36, 44, 60, 80])
        {
            disk.Fill(free * 1024L);
            try
            {
                _ = await containers.RunAsync(ContainerHarness.Request("sleep 100", "18080:80"), null, SilentObserver.Instance, Stop);
            }
            catch (LayerImageException error)
            {
                Assert.True(error.Error == EngineError.DiskFull, $"{free} KiB: {error}");
                failures++;
            }
            foreach (Container made in await containers.ListAsync(Stop))
            {
                await containers.RemoveAsync(made.Id, force: true, SilentObserver.Instance, Stop); // on the full disk
            }
            await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
        }
        Assert.NotEqual(0, failures);
        disk.Free();
        Container last = await containers.RunAsync(ContainerHarness.Request("sleep 100", "18080:80"), null, SilentObserver.Instance, Stop);
        Assert.Equal(ContainerState.Running, last.State);
        await containers.RemoveAsync(last.Id, force: true, SilentObserver.Instance, Stop);
    }

    private static void Lose(ContainerHarness harness)
    {
        foreach (string folder in s_ofContainers)
        {
            Directory.Delete(Path.Combine(harness.Paths.Run, folder), recursive: true);
        }
    }
}
