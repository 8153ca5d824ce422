using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.IO;
using LayerImage.Engine.SystemTests.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>What is known of an end, who removes itself at it, and ends that cannot be dealt with as they should.</summary>
[Collection("Containers")]
public class ContainerEndTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ExitCodeThatNobodyNoted_IsNullWithAReason()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync("sleep 100");
        await harness.EndUnseenAsync(container);

        container = await harness.Containers.GetAsync(container.Id, Stop);

        Assert.Equal((ContainerState.Exited, null), (container.State, container.ExitCode));
        Assert.Contains("exit code is not known", container.Error, StringComparison.Ordinal);
        Assert.Null(await harness.Containers.Waits.ForExitCodeAsync(container.Id, Stop));
    }

    // And nothing is left of it in the session's own folder.
    [Fact]
    public async Task WantOfMemory_IsTold()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "box", Command = ["tail /dev/zero"], Memory = 16 << 20, Network = NetworkMode.None }, null, SilentObserver.Instance, Stop);

        Container? ended = await harness.Containers.Waits.ForStopAsync(container.Id, TimeSpan.FromSeconds(30), Stop);

        Assert.Equal((ContainerState.Exited, 137), (ended!.State, ended.ExitCode));
        Assert.Contains("memory", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists("oom"));
    }

    // A restart stops a container that removes itself, and it stays; were the restart killed then, it would go as it should.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OneThatRemovesItself_StaysForALivingRestartOnly(bool lives)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "box", Command = ["sleep 100"], AutoRemove = true }, null, SilentObserver.Instance, Stop);
        string keeper = lives ? HostProcess.Stamp : $"{HostProcess.BootId}.{Environment.ProcessId}.1";
        harness.Database.Write(transaction => transaction.Execute("UPDATE container SET keeper = ?2 WHERE id = ?1", container.Id, keeper));

        Container? stopped = await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, Stop);

        Assert.Equal(lives, stopped is not null);
        Assert.Equal(lives ? 1 : 0, (await harness.Containers.ListAsync(Stop)).Count);
    }

    [Fact]
    public async Task OneThatRemovesItself_GoesAtTheEndAfterARestart()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "box", Command = ["sleep 100"], AutoRemove = true }, null, SilentObserver.Instance, Stop);

        Container again = await harness.Containers.RestartAsync(container.Id, TimeSpan.Zero, SilentObserver.Instance, Stop);

        Assert.True(again.Spec.AutoRemove);
        Assert.Null(await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, Stop));
        Assert.Empty(await harness.Containers.ListAsync(Stop));
    }

    [Fact]
    public async Task OneThatCannotBeReleased_HidesNoOther()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container good = await harness.RunAsync("sleep 100"), bad = await harness.RunAsync("sleep 100");
        string kept = Path.Combine(harness.Paths.Bundle(bad.Id), "kept");
        Container seen;
        await harness.EndUnseenAsync(bad);
        await ImageHarness.ShellAsync($"mkdir '{kept}'; mount -t tmpfs limg-test '{kept}'");
        try
        {
            IReadOnlyList<Container> all = await harness.Containers.ListAsync(Stop);

            Assert.Equal(ContainerState.Running, all.Single(container => container.Id == good.Id).State);
            seen = all.Single(container => container.Id == bad.Id);
            Assert.Equal((ContainerState.Exited, true), (seen.State, seen.IsUnreleased));
            Assert.Contains(harness.Paths.Bundle(bad.Id), seen.Error, StringComparison.Ordinal);
            await Assert.ThrowsAnyAsync<LayerImageException>(() => harness.Containers.RemoveAsync(bad.Id, force: true, SilentObserver.Instance, Stop));
            await harness.Containers.RemoveAsync(good.Id, force: true, SilentObserver.Instance, Stop);
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount '{kept}'");
        }
        seen = await harness.Containers.GetAsync(bad.Id, Stop);
        Assert.Equal((ContainerState.Exited, false), (seen.State, seen.IsUnreleased));
    }

    [Fact]
    public async Task DiskFullToTheLastBlock_KeepsNobodyFromStoppingListingAndRemoving()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync(inMemory: true);
        Container[] containers = [await harness.RunAsync("trap 'exit 7' TERM; while true; do sleep 0.1; done"), await harness.RunAsync("exec cat /dev/zero > /big"), await harness.RunAsync("exit 3")];
        string root = harness.Layout.Root;
        await ImageHarness.ShellAsync($"mount -o remount,size=$(($(du -sk '{root}' | cut -f1) + 4096))k '{root}'; cd '{root}'; for size in 64k 4k 512; do dd if=/dev/zero of=filler.$size bs=$size 2>/dev/null || true; done");

        Assert.Equal(3, (await harness.Containers.ListAsync(Stop)).Count);
        foreach ((Container container, int? code) in containers.Zip((int?[])[7, null, 3]))
        {
            Container? ended = await harness.Containers.StopAsync(container.Id, code is null ? TimeSpan.Zero : null, null, Stop);
            Assert.Equal(ContainerState.Exited, ended!.State);
            Assert.Equal(code ?? ended.ExitCode, ended.ExitCode);
            Assert.Equal(ended.ExitCode, (await harness.Containers.GetAsync(container.Id, Stop)).ExitCode);
        }
        foreach (Container container in containers)
        {
            await harness.Containers.RemoveAsync(container.Id, force: false, SilentObserver.Instance, Stop);
        }
        Assert.Empty(await harness.Containers.ListAsync(Stop));
        LayerImage.Engine.Images.Image box = harness.Engine.Images.Get("box");
        Assert.True(harness.Engine.Images.PlanRemovals([(box, "box")], force: false).Single().Removal!.Deleted);
        Assert.True(harness.Engine.Images.Remove(box, "box", force: false, pretend: false).Deleted);
        Assert.Empty(harness.Engine.Store.FindGarbage());
    }

    // The same path, read-only from here on; the monitor writes to what lies beneath.
    [Fact]
    public async Task StoreThatBecameReadOnly_KeepsNobodyFromStoppingAndListing()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync(inMemory: true);
        Container container = await harness.RunAsync("trap 'exit 7' TERM; while true; do sleep 0.1; done");
        string root = harness.Layout.Root;
        await ImageHarness.ShellAsync($"mount --rbind '{root}' '{root}'; mount -o remount,bind,ro '{root}'");
        try
        {
            Container? ended = await harness.Containers.StopAsync(container.Id, null, null, Stop);

            Assert.Equal((ContainerState.Exited, 7), (ended!.State, ended.ExitCode));
            Container seen = Assert.Single(await harness.Containers.ListAsync(Stop));
            Assert.Equal((ContainerState.Exited, 7), (seen.State, seen.ExitCode));
            Assert.Contains("read-only", (await Assert.ThrowsAnyAsync<LayerImageException>(() => harness.Containers.RemoveAsync(container.Id, force: false, SilentObserver.Instance, Stop))).Advice, StringComparison.Ordinal);
        }
        finally
        {
            // The upper one of two mounts at one place, with what is beneath it; -R would end both in newer ones.
            await ImageHarness.ShellAsync($"umount -l '{root}'");
        }
        Assert.Equal(7, (await harness.Containers.GetAsync(container.Id, Stop)).ExitCode);
    }
}
