using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Containers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Engine.SystemTests.Store;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>Where the file system can clone, what a running container has written is not written again.</summary>
[Collection("Containers")]
public sealed class ClonedCommitTests
{
    private const long FileSize = 64_000_001;

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task RunningContainer_SharesItsBlocksWithTheLayer(string kind)
    {
        string? missing = Requires.All(ContainerHarness.Missing, Requires.Tool("filefrag"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        using TempStore store = new();
        StoreLayout layout = new(store.Options);
        await using LoopDisk disk = await LoopDisk.MountAsync(kind, store["disk"], store.Options.Root);
        LayerImageEngine engine = new(store.Options);
        await engine.Images.ImportAsync(await BusyboxRootFs.CreateAsync(store["box"], ImageHarness.Stop), "box", null, ImageHarness.Stop);
        Container container = await engine.Containers.RunAsync(
            new ContainerRequest { Image = "box", Command = ["sleep", "1000"], Network = NetworkMode.None }, null, SilentObserver.Instance, ImageHarness.Stop);
        try
        {
            string file = Path.Combine(layout.Merged(container.Id), "file");
            await ImageHarness.ShellAsync($"head -c {FileSize} /dev/urandom >'{file}'; head -c 300000 /dev/urandom >'{file}2'");
            string hash = await ImageHarness.ShellAsync($"sha256sum <'{file}'");
            long before = await UsedAsync(store.Options.Root);

            Image image = await engine.Commits.CommitAsync(container.Id, new CommitOptions(), SilentObserver.Instance, ImageHarness.Stop);

            string layer = image.Layers[^1].Path!;
            Assert.InRange(await UsedAsync(store.Options.Root) - before, 0, FileSize / 4);
            foreach (string place in (string[])[Path.Combine(layer, "file"), Path.Combine(layer, "file2"), Path.Combine(layout.Upper(container.Id), "file")])
            {
                // One line an extent: "0:  0..15624:  1234..16858:  15625:  last,shared,eof".
                string[] extents = [.. (await ImageHarness.ShellAsync($"filefrag -v '{place}'")).Split('\n').Where(line => line.Contains("..", StringComparison.Ordinal))];
                Assert.NotEmpty(extents);
                Assert.All(extents, extent => Assert.Contains("shared", extent, StringComparison.Ordinal));
            }
            Assert.Equal(image.Layers[^1].DiffId, TreeTar.Digest(layer, includeRoot: true, ImageHarness.Stop).DiffId.ToString());

            // What is written next is the container's alone.
            await ImageHarness.ShellAsync($"dd if=/dev/zero of='{file}' bs=4096 count=1 conv=notrunc status=none");
            Assert.Equal(hash, await ImageHarness.ShellAsync($"sha256sum <'{layer}/file'"));
            Assert.NotEqual(hash, await ImageHarness.ShellAsync($"sha256sum <'{file}'"));
        }
        finally
        {
            await engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        }
    }

    private static async Task<long> UsedAsync(string place)
    {
        await ImageHarness.ShellAsync($"sync -f '{place}'");
        DriveInfo drive = new(place);
        return drive.TotalSize - drive.TotalFreeSpace;
    }
}
