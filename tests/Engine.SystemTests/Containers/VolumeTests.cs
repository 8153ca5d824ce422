using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.SystemTests.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Folders of the host in containers: what is mounted in them later.</summary>
[Collection("Containers")]
public sealed class VolumeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", false, false)]
    [InlineData(":private", false, false)]
    [InlineData(":ro,rslave", true, false)]
    [InlineData(":slave,z", true, false)]
    [InlineData(":rshared", true, true)]
    public async Task LaterMounts_TravelAsItIsAsked(string options, bool inward, bool outward)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        string folder = await ShareAsync(harness);
        try
        {
            Container container = await harness.Containers.RunAsync(new ContainerRequest
            {
                Image = "box",
                Network = NetworkMode.None,
                Volumes = [VolumeMount.Parse($"{folder}:/volume{options}")],
                CapAdd = ["SYS_ADMIN"],
                Command = ["/bin/sh", "-c", "mount -t tmpfs none /volume/out; touch /volume/out/there; while [ ! -e /volume/go ]; do sleep 0.1; done; test -e /volume/in/there"],
            }, null, SilentObserver.Instance, Stop);

            await ImageHarness.ShellAsync($"cd '{folder}'; mount -t tmpfs none in; touch in/there; [ '{outward}' = False ] || for i in $(seq 100); do mountpoint -q out && break; sleep 0.1; done");
            bool isOut = (await ImageHarness.ShellAsync($"mountpoint -q '{folder}/out' && echo yes || true")).Length > 0;
            File.WriteAllText(folder + "/go", "");
            Container? ended = await harness.Containers.Waits.ForStopAsync(container.Id, TimeSpan.FromSeconds(30), Stop);

            Assert.Equal((inward, outward), (ended!.ExitCode == 0, isOut));
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount -R '{folder}'");
        }
    }

    [Fact]
    public async Task SharingOfWhatTheHostKeepsToItself_IsRefused()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        string folder = await ShareAsync(harness), link = harness["link"];
        await ImageHarness.ShellAsync($"mount --make-private '{folder}'; ln -s '{folder}/in' '{link}'");
        try
        {
            LayerImageException error = await Assert.ThrowsAsync<LayerImageException>(() => harness.Containers.CreateAsync(
                new ContainerRequest { Image = "box", Network = NetworkMode.None, Volumes = [VolumeMount.Parse($"{link}:/volume:rslave")] }, SilentObserver.Instance, Stop));

            Assert.Equal(EngineError.VolumeInvalid, error.Error);
            Assert.Contains($"mount --make-shared {folder}", error.Advice, StringComparison.Ordinal);
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount -R '{folder}'");
        }
    }

    private static async Task<string> ShareAsync(ContainerHarness harness)
    {
        string folder = harness["shared"];
        await ImageHarness.ShellAsync($"mkdir '{folder}'; mount -t tmpfs none '{folder}'; mount --make-shared '{folder}'; mkdir '{folder}/in' '{folder}/out'");
        return folder;
    }
}
