using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Runtime;
using LayerImage.Engine.SystemTests.Containers;
using LayerImage.Engine.SystemTests.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>
/// A running container stands still while it is read, and goes on whatever becomes of the commit. A session that is
/// killed: Module.Tests, KilledSessionTests; a container that was paused: CrashRecoveryTests.
/// </summary>
[Collection("Containers")]
public sealed class CommitPauseTests
{
    private const string Running = "sleep 1000";

    [Fact]
    public async Task PauseThatFails_IsAnError_AndNoPauseAsksForNone()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync(Running);
        CgroupFreezer freezer = CgroupLayout.Read().Freezer(container.Id)!;
        string[] before = Folders(harness);

        // Nobody can freeze it now.
        await ImageHarness.ShellAsync($"mount --bind '{freezer.ControlFile}' '{freezer.ControlFile}'; mount -o remount,bind,ro '{freezer.ControlFile}'");
        try
        {
            LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => CommitAsync(harness, container, new CommitOptions { Reference = "not:1" }));

            Assert.Equal(EngineError.RuntimeFailed, error.Error);
            Assert.Contains("cannot be paused", error.Message, StringComparison.Ordinal);
            Assert.Equal(before, Folders(harness));
            Assert.Empty(harness.Engine.Images.Find("not:1"));
            await AssertRunsAsync(harness, container);
            Assert.NotNull(await CommitAsync(harness, container, new CommitOptions { NoPause = true }));
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount '{freezer.ControlFile}'");
        }

        // A pause of the user's is not taken for that of the failed commit.
        await harness.Containers.PauseAsync(container.Id, ImageHarness.Stop);
        Assert.Equal(ContainerState.Paused, (await harness.Containers.GetAsync(container.Id, ImageHarness.Stop)).State);
    }

    [Fact]
    public async Task CommitThatFailsOrIsEnded_LetsTheContainerGoOn()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        Container container = await harness.RunAsync(Running);
        string merged = harness.Layout.Merged(container.Id);
        string[] before = Folders(harness);
        await ImageHarness.ShellAsync($"echo x >'{merged}/.wh.bad'");
        await Assert.ThrowsAnyAsync<LayerImageException>(() => CommitAsync(harness, container, new CommitOptions()));
        await AssertRunsAsync(harness, container);

        // It takes minutes to read, and no room.
        await ImageHarness.ShellAsync($"rm '{merged}/.wh.bad'; truncate -s 100G '{merged}/hole'");
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(ImageHarness.Stop);
        Task<Image> commit = harness.Engine.Commits.CommitAsync(container.Id, new CommitOptions(), SilentObserver.Instance, source.Token);
        while ((await harness.Containers.GetAsync(container.Id, ImageHarness.Stop)).State != ContainerState.Paused)
        {
            Assert.False(commit.IsCompleted);
            await Task.Delay(5, ImageHarness.Stop);
        }
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => commit);
        await AssertRunsAsync(harness, container);
        Assert.Equal(before, Folders(harness));
    }

    private static Task<Image> CommitAsync(ContainerHarness harness, Container container, CommitOptions options) =>
        harness.Engine.Commits.CommitAsync(container.Id, options, SilentObserver.Instance, ImageHarness.Stop);

    private static async Task AssertRunsAsync(ContainerHarness harness, Container container)
    {
        Assert.Equal(ContainerState.Running, (await harness.Containers.GetAsync(container.Id, ImageHarness.Stop)).State);
        Assert.False(File.Exists(harness.Paths.CommitPauseFile(container.Id)));
    }

    private static string[] Folders(ContainerHarness harness) => [.. ((string[])[harness.Layout.Layers, harness.Layout.Scratch, Path.Combine(harness.Layout.Content, "blobs", "sha256")])
        .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder)).Order(StringComparer.Ordinal)];
}
