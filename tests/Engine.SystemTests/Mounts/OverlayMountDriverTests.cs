using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Mounts;

public sealed class OverlayMountDriverTests : IDisposable
{
    private readonly TempFolder _folder = new("mounts-");
    private readonly OverlayMountDriver _driver = new();

    public OverlayMountDriverTests() => Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");

    public void Dispose()
    {
        _driver.Unmount(_folder["merged"]);
        _folder.Dispose();
    }

    [Fact]
    public void Union_ShowsTheTopLayerFirstAndTakesChangesInTheUpper()
    {
        OverlayMount mount = Describe(3);
        File.WriteAllText(Path.Combine(mount.LowerDirs[0], "same"), "top");
        File.WriteAllText(Path.Combine(mount.LowerDirs[2], "same"), "bottom");

        _driver.Mount(mount);

        Assert.True(_driver.IsMounted(mount.Merged));
        Assert.Equal("top", File.ReadAllText(_folder["merged/same"]));
        Assert.Equal(["layer0", "layer1", "layer2", "same"], Names(mount.Merged));
        File.Delete(_folder["merged/layer1"]);
        Assert.Equal(["layer1"], Names(mount.UpperDir!));
        MountInfo seen = MountInfo.Read().Single(info => info.MountPoint == mount.Merged);
        Assert.Equal(("overlay", "layerimage"), (seen.FileSystem, seen.Source));
        Assert.True(_driver.Unmount(mount.Merged));
        Assert.False(_driver.Unmount(mount.Merged));
        Assert.False(_driver.IsMounted(mount.Merged));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(500)]
    public void ManyLayers_AreUnited(int count)
    {
        OverlayMount mount = Describe(count);

        _driver.Mount(mount);

        Assert.Equal(count, Names(mount.Merged).Length);
    }

    [Fact]
    public void ReadOnlyUnion_TakesNoChange()
    {
        OverlayMount mount = Describe(2) with { UpperDir = null, WorkDir = null };

        _driver.Mount(mount);

        Assert.ThrowsAny<IOException>(() => File.WriteAllText(_folder["merged/new"], "x"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(501, null)]
    [InlineData(2, "layer")]
    [InlineData(2, "work")]
    [InlineData(2, "merged")]
    public void WrongUnion_IsMountFailedAndLeavesNothing(int count, string? missing)
    {
        OverlayMount mount = Describe(count);
        mount = missing switch
        {
            "layer" => mount with { LowerDirs = [.. mount.LowerDirs, _folder["not-there"]] },
            "work" => mount with { WorkDir = _folder["not-there"] },
            "merged" => mount with { Merged = _folder["not-there/merged"] },
            _ => mount,
        };

        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => _driver.Mount(mount));

        Assert.Equal(EngineError.MountFailed, error.Error);
        Assert.Empty(TempFolder.MountsBeneath(_folder.Root));
    }

    [Fact]
    public void OddNames_AreMounted()
    {
        OverlayMount mount = Describe(1);
        string odd = _folder["with space,comma:colon\\back"];
        Directory.CreateDirectory(odd);
        File.WriteAllText(Path.Combine(odd, "odd"), "x");

        _driver.Mount(mount with { LowerDirs = [odd, .. mount.LowerDirs] });

        Assert.Equal("x", File.ReadAllText(_folder["merged/odd"]));
    }

    private OverlayMount Describe(int count)
    {
        foreach (string name in (string[])["upper", "work", "merged"])
        {
            Directory.CreateDirectory(_folder[name]);
        }
        string[] layers = [.. Enumerable.Range(0, count).Select(i => _folder[$"layers/{i}"])];
        for (int i = 0; i < count; i++)
        {
            Directory.CreateDirectory(layers[i]);
            File.WriteAllText(Path.Combine(layers[i], $"layer{i}"), "");
        }
        return new OverlayMount { LowerDirs = layers, UpperDir = _folder["upper"], WorkDir = _folder["work"], Merged = _folder["merged"] };
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
