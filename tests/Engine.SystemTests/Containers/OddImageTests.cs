using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Images that other engines take: their containers start here, too.</summary>
[Collection("Containers")]
public class OddImageTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OneLayerTwice_IsUnitedAsOne()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        LayerBlob twice = LayerBlob.From(new LayerBuilder().Directory("etc/").File("etc/which", "twice").ToTar(), LayerCompression.Gzip);
        await ImportAsync(harness, Busybox().WithLayer(twice).WithLayer(layer => layer.Directory("etc/").File("etc/which", "between").File("etc/other", "between")).WithLayer(twice));

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = "none" }, null, SilentObserver.Instance, Stop);
        UnionMount mount = await harness.Engine.Mounts.MountAsync(new UnionMountRequest { Reference = "odd" }, SilentObserver.Instance, Stop);

        foreach (string root in (string[])[harness.Layout.Merged(container.Id), mount.Merged])
        {
            Assert.Equal(("twice", "between"), (File.ReadAllText(root + "/etc/which"), File.ReadAllText(root + "/etc/other")));
        }
        await harness.Engine.Mounts.DismountAsync(mount, new DismountOptions(), SilentObserver.Instance, Stop);
    }

    [Fact]
    public async Task VariableWithoutEqualsSign_TakesNoOtherAway()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().WithEnvironment("FIRST=1", "BARE", "LAST=2"));

        Container container = await harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", Network = "none", Environment = ["LAST=3"] }, SilentObserver.Instance, Stop);

        Assert.Equal(["FIRST=1", "BARE", "LAST=3"], container.Spec.Environment);
    }

    [Fact]
    public async Task EmptyEntrypoint_IsNone()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().WithEntrypoint(""));

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = "none" }, null, SilentObserver.Instance, Stop);

        Assert.Equal(["/bin/busybox", "sleep", "100"], container.Spec.Arguments);
    }

    [Theory]
    [InlineData("", "SIGTERM")]
    [InlineData("SIGNONE", "SIGTERM")]
    [InlineData("0", "SIGTERM")]
    [InlineData("65", "SIGTERM")]
    [InlineData("SIGRTMAX-2", "SIGRTMAX-2")]
    [InlineData("SIGCLD", "SIGCLD")]
    [InlineData("iot", "iot")]
    [InlineData("Poll", "Poll")]
    [InlineData("SIGRTMIN+3", "SIGRTMIN+3")]
    public async Task StopSignalOfAnImage_IsTheDefaultWhereItIsNone(string given, string used)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().With("StopSignal", given));

        Container container = await harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", Network = "none" }, SilentObserver.Instance, Stop);

        Assert.Equal(used, container.Spec.StopSignal);
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", StopSignal = "SIGNONE" }, SilentObserver.Instance, Stop));
        Assert.Equal(EngineError.ParameterInvalid, error.Error);
    }

    private static ImageBuilder Busybox() => new ImageBuilder().WithCommand("/bin/busybox", "sleep", "100").WithLayer(layer => layer.Directory("bin/").Directory("proc/").Directory("sys/").Directory("dev/")
        .File("bin/busybox", File.ReadAllBytes("/bin/busybox"), new() { Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute }));

    private static async Task ImportAsync(ContainerHarness harness, ImageBuilder image)
    {
        image.Build().WriteLayout(harness["layout"], "latest");
        _ = await harness.Engine.Images.ImportAsync(harness["layout"], "odd", null, Stop);
    }
}
