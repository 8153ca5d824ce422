using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Mounts;

/// <summary>The kernel's overlay by the new mount API.</summary>
public sealed class OverlayMountDriverTests : UnionMountDriverContract
{
    protected override int MostLayers => 500;

    private protected override IUnionMountDriver Create()
    {
        OverlayProbe probe = OverlayProbe.Run();
        Assert.Null(probe.Reason);
        Assert.SkipWhen(!probe.HasOneByOne, "needs Linux 6.7");
        return new OverlayMountDriver(probe);
    }
}

/// <summary>The same by mount(2), as kernels before 6.7 need it.</summary>
public sealed class OldKernelOverlayTests : UnionMountDriverContract
{
    protected override int MostLayers => 200;

    private protected override IUnionMountDriver Create() => new OverlayMountDriver(oldKernel: true);
}

/// <summary>What the overlay driver says where it cannot.</summary>
public sealed class OverlayRefusalTests
{
    [Fact]
    public void OldKernel_SaysWhenLayersAreTooMany()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempFolder folder = new();
        string[] layers = [.. Enumerable.Range(0, 400).Select(i => Directory.CreateDirectory(folder[$"{i}"]).FullName)];
        OverlayMount mount = new() { LowerDirs = layers, Merged = Directory.CreateDirectory(folder["merged"]).FullName };

        LayerImageException error = Assert.Throws<LayerImageException>(() => new OverlayMountDriver(oldKernel: true).Mount(mount));

        Assert.Equal(EngineError.NotSupportedByKernel, error.Error);
        Assert.Contains("about 200", error.Message, StringComparison.Ordinal);
        Assert.Contains("Linux 6.7", error.Advice, StringComparison.Ordinal);
        Assert.Empty(TempFolder.MountsBeneath(folder.Root));
    }

    [Fact]
    public void ReasonOfTheProbe_IsInTheError()
    {
        OverlayMountDriver driver = new(new OverlayProbe(false, "there is none", EngineError.NotSupportedByKernel));

        LayerImageException error = Assert.Throws<LayerImageException>(() => driver.Mount(new OverlayMount { LowerDirs = ["/a", "/b"], Merged = "/c" }));

        Assert.Equal(EngineError.NotSupportedByKernel, error.Error);
        Assert.Contains("there is none", error.Message, StringComparison.Ordinal);
    }
}
