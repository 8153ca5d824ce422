using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Mounts;

/// <summary>Both ways to mount a union: the new API and that of kernels before 6.5.</summary>
public sealed class OverlayMountWaysTests
{
    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 125)]
    [InlineData(false, 500)]
    [InlineData(true, 1)]
    [InlineData(true, 125)]
    [InlineData(true, 200)]
    public void Union_ShowsTheTopOfAllLayers(bool oldKernel, int layers)
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempFolder folder = new();
        OverlayMountDriver driver = new(oldKernel);
        OverlayMount mount = Describe(folder, layers);

        driver.Mount(mount);
        try
        {
            Assert.True(driver.IsMounted(mount.Merged));
            Assert.Equal($"{layers - 1}", File.ReadAllText(Path.Combine(mount.Merged, "who")));
            Assert.Equal(layers, Directory.EnumerateFiles(mount.Merged, "only*").Count());
            File.WriteAllText(Path.Combine(mount.Merged, "new"), "");
            Assert.True(File.Exists(Path.Combine(mount.UpperDir!, "new")));
        }
        finally
        {
            Assert.True(driver.Unmount(mount.Merged));
        }
        Assert.False(driver.Unmount(mount.Merged));
    }

    [Fact]
    public void OldKernel_SaysWhenLayersAreTooMany()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempFolder folder = new();
        OverlayMount mount = Describe(folder, 400);

        LayerImageException error = Assert.Throws<LayerImageException>(() => new OverlayMountDriver(oldKernel: true).Mount(mount));

        Assert.Equal(EngineError.NotSupportedByKernel, error.Error);
        Assert.Empty(TempFolder.MountsBeneath(folder.Root));
    }

    // The path holds what the option syntax would have to escape.
    private static OverlayMount Describe(TempFolder folder, int layers)
    {
        string[] lower = [.. Enumerable.Range(0, layers).Select(i => Directory.CreateDirectory(folder[$"lower, with: marks/{i}"]).FullName)];
        for (int i = 0; i < layers; i++)
        {
            File.WriteAllText(Path.Combine(lower[i], "who"), $"{i}");
            File.WriteAllText(Path.Combine(lower[i], $"only{i}"), "");
        }
        return new OverlayMount
        {
            LowerDirs = [.. lower.Reverse()],
            UpperDir = Directory.CreateDirectory(folder["upper, here"]).FullName,
            WorkDir = Directory.CreateDirectory(folder["work"]).FullName,
            Merged = Directory.CreateDirectory(folder["merged"]).FullName,
        };
    }
}
