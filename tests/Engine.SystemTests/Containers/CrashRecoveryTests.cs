using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>What a look at containers makes of what killed processes left. The killing itself: Module.Tests.</summary>
[Collection("Containers")]
public class CrashRecoveryTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ExitCode_IsNotLostToALookBeforeTheMonitorReports()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        for (int i = 0; i < 15; i++)
        {
            Container container = await harness.RunAsync("exit 7");
            while (container.State != ContainerState.Exited)
            {
                container = await harness.Containers.GetAsync(container.Id, Stop);
            }
            Assert.Equal(7, container.ExitCode);
            await harness.Containers.RemoveAsync(container.Id, false, SilentObserver.Instance, Stop);
        }
        Assert.Empty(Directory.EnumerateFiles(harness.Layout.Locks, "container-*"));
        Assert.Empty(Directory.EnumerateFiles(harness.Paths.Exits));
    }

    [Fact]
    public async Task MakerKilledBeforeItHadFinished_LeavesNoContainer()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        harness.Record(container.Id, "New");

        Assert.Empty(await harness.Containers.ListAsync(Stop));
        Assert.False(Directory.Exists(harness.Layout.Container(container.Id)));
    }

    [Fact]
    public async Task NameOfAKilledStart_IsFreeForTheNext()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container killed = await harness.NewAsync("true"), other = await harness.NewAsync("true");
        harness.Record(killed.Id, "New");

        Container next = await harness.Containers.CreateAsync(new ContainerRequest { Image = "box", Name = killed.Name, Command = ["true"] }, SilentObserver.Instance, Stop);
        Assert.Equal(killed.Name, next.Name);
        harness.Record(next.Id, "New");
        Assert.Equal(killed.Name, (await harness.Containers.RenameAsync(other.Id, killed.Name, Stop)).Name);
        Assert.Equal(other.Id, Assert.Single(await harness.Containers.ListAsync(Stop)).Id);
    }

    [Fact]
    public async Task FirstStartKilled_KeepsTheContainer()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        harness.Record(container.Id, "Starting");

        Assert.Equal(ContainerState.Created, (await harness.Containers.GetAsync(container.Id, Stop)).State);
        Assert.Equal(ContainerState.Running, (await harness.Containers.StartAsync(container.Id, null, SilentObserver.Instance, Stop)).State);
    }

    // A monitor that loses its session in a create calls the Agent, which is then at work when somebody looks.
    [Theory]
    [InlineData("Starting", "Created")]
    [InlineData("New", "")]
    public async Task LookWhileTheAgentUndoesAKilledStart_WaitsForIt(string state, string after)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        harness.Record(container.Id, state);
        Task<IReadOnlyList<Container>> look;
        using (IO.FileLock agent = IO.FileLock.TryAcquire(harness.Layout.Lock("container-" + container.Id))!)
        {
            look = harness.Containers.ListAsync(Stop);
            await Task.Delay(300, Stop);
            Assert.False(look.IsCompleted);
        }

        Assert.Equal(after, string.Join(' ', (await look).Select(seen => seen.State)));
    }

    [Fact]
    public async Task LookWhileAKilledStartIsFollowedByAnother_SeesThatOne()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        harness.Record(container.Id, "Starting");
        using (IO.FileLock next = IO.FileLock.TryAcquire(harness.Layout.Lock("container-" + container.Id))!)
        {
            Task<Container> look = harness.Containers.GetAsync(container.Id, Stop);
            await Task.Delay(100, Stop);
            harness.Database.Write(transaction => transaction.Execute("UPDATE container SET pid_start = ?2 WHERE id = ?1", container.Id, IO.HostProcess.StartTime(Environment.ProcessId)));

            Assert.Equal(ContainerState.Starting, (await look).State);
        }
        harness.Record(container.Id, "Starting");
    }

    [Fact]
    public async Task LookWhileSomebodyHangsOverAKilledStart_SaysWhatWasBefore()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        harness.Record(container.Id, "Starting");
        using IO.FileLock hangs = IO.FileLock.TryAcquire(harness.Layout.Lock("container-" + container.Id))!;

        Assert.Equal(ContainerState.Created, (await harness.Containers.GetAsync(container.Id, Stop)).State);
    }

    [Fact]
    public async Task StartKilledWhileTheRuntimeCreates_LeavesNoMonitor()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container container = await harness.RunAsync("sleep 100");
        // As it was before the engine had noted the process.
        File.Delete(harness.Paths.ProcessFile(container.Id));
        harness.Record(container.Id, "New");

        Assert.Empty(await harness.Containers.ListAsync(Stop));
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
        Assert.False(Directory.Exists(Path.Combine(harness.Paths.CrunRoot, container.Id)));
    }

    [Fact]
    public async Task RandomPortOfAKilledStart_IsFreeAgain()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container container = await harness.RunAsync("sleep 100", "8080");
        harness.Record(container.Id, "New");

        Assert.Empty(await harness.Containers.ListAsync(Stop));
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
    }

    [Fact]
    public async Task CommitKilled_NextLookThaws()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync("sleep 100");
        await File.WriteAllTextAsync(harness.Paths.CommitPauseFile(container.Id), "", Stop);
        await harness.Containers.PauseAsync(container.Id, Stop);

        Assert.Equal(ContainerState.Running, (await harness.Containers.GetAsync(container.Id, Stop)).State);
        Assert.False(File.Exists(harness.Paths.CommitPauseFile(container.Id)));
    }

    // Under the copy of a commit nobody thaws: what is asked is done after it.
    [Theory]
    [InlineData("Resume", ContainerState.Running)]
    [InlineData("Pause", ContainerState.Paused)]
    [InlineData("Stop", ContainerState.Exited)]
    public async Task AskedForDuringACommit_IsDoneAfterIt(string what, ContainerState after)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync("trap 'exit 0' TERM; while true; do sleep 0.1; done");
        await harness.Containers.PauseAsync(container.Id, Stop);
        Task asked;
        using (IO.FileLock commit = IO.FileLock.TryAcquire(harness.Layout.Lock("container-" + container.Id))!)
        {
            await File.WriteAllTextAsync(harness.Paths.CommitPauseFile(container.Id), "", Stop);
            asked = what switch
            {
                "Resume" => (Task)harness.Containers.ResumeAsync(container.Id, Stop),
                "Pause" => harness.Containers.PauseAsync(container.Id, Stop),
                _ => harness.Containers.StopAsync(container.Id, null, null, Stop),
            };
            await Task.Delay(300, Stop);
            Assert.False(asked.IsCompleted);
            Assert.Equal(ContainerState.Paused, (await harness.Containers.GetAsync(container.Id, Stop)).State);
            File.Delete(harness.Paths.CommitPauseFile(container.Id));
        }
        await asked;
        Assert.Equal(after, (await harness.Containers.GetAsync(container.Id, Stop)).State);
    }

    [Fact]
    public async Task UsersPause_StaysAcrossLooksAndCommits()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync("sleep 100");
        await harness.Containers.PauseAsync(container.Id, Stop);

        await harness.Engine.Commits.CommitAsync(container.Id, new LayerImage.Engine.Commit.CommitOptions(), SilentObserver.Instance, Stop);

        Assert.Equal(ContainerState.Paused, (await harness.Containers.GetAsync(container.Id, Stop)).State);
    }

    [Fact]
    public async Task PortsOfAContainerThatNobodySawEnd_AreFree()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container first = await harness.RunAsync("sleep 100", "18080:80");
        await harness.EndUnseenAsync(first);

        Container second = await harness.RunAsync("sleep 100", "18080:80");

        Assert.Equal(ContainerState.Running, second.State);
        Assert.Equal(ContainerState.Exited, (await harness.Containers.GetAsync(first.Id, Stop)).State);
    }

    [Fact]
    public async Task Reboot_EndsWhatRanAndFreesItsPorts()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        Container first = await harness.RunAsync("sleep 100", "18080:80");
        await harness.EndUnseenAsync(first); // no process outlives a boot
        harness.Record(first.Id, "Running", bootId: "another-boot");
        Container stopped = await harness.NewAsync("true");
        Directory.Delete(harness.Paths.Exits, recursive: true);

        Container second = await harness.RunAsync("sleep 100", "18080:80");
        first = await harness.Containers.GetAsync(first.Id, Stop);

        Assert.Equal((ContainerState.Exited, "The host was restarted."), (first.State, first.Error));
        await harness.Containers.RemoveAsync(stopped.Id, force: false, SilentObserver.Instance, Stop);
        await harness.Containers.RemoveAsync(second.Id, force: true, SilentObserver.Instance, Stop);
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(2), Stop);
    }

    [Fact]
    public async Task DirectoriesWithoutRecord_AreRemovedAndOthersStay()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.NewAsync("true");
        string[] known = [harness.Layout.Container(container.Id), .. Directory.EnumerateDirectories(harness.Layout.Layers)];
        string[] left = [harness.Layout.Container("killed"), harness.Layout.Layer("killed"), Path.Combine(harness.Layout.Scratch, "boot.1.1.killed")];
        foreach (string folder in left)
        {
            Directory.CreateDirectory(Path.Combine(folder, "upper"));
        }

        string[] locks = [harness.Layout.Lock("container-" + container.Id), harness.Layout.Lock("container-killed")];
        Array.ForEach(locks, path => File.WriteAllText(path, ""));

        harness.Engine.RemoveLeftovers();

        Assert.Equal([locks[0]], Directory.GetFiles(harness.Layout.Locks, "container-*"));
        Assert.DoesNotContain(left, Directory.Exists);
        Assert.All(known, folder => Assert.True(Directory.Exists(folder)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(harness.Layout.Scratch));
    }
}
