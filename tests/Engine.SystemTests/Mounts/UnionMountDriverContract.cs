using LayerImage.Engine.Errors;
using LayerImage.Engine.Mounts;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Mounts;

/// <summary>What every driver of union mounts does. A test class for each driver inherits it.</summary>
public abstract class UnionMountDriverContract : IDisposable
{
    private readonly TempFolder _folder = new("mounts-");
    private readonly Lazy<IUnionMountDriver> _driver;

    protected UnionMountDriverContract()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        _driver = new Lazy<IUnionMountDriver>(Create);
    }

    private protected abstract IUnionMountDriver Create();

    /// <summary>As many layers as it must unite at least.</summary>
    protected abstract int MostLayers { get; }

    private IUnionMountDriver Driver => _driver.Value;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Driver.Unmount(_folder["merged"]);
        _folder.Dispose();
    }

    [Fact]
    public void Union_ShowsTheTopLayerFirstAndTakesChangesInTheUpper()
    {
        OverlayMount mount = Describe(3);
        File.WriteAllText(Path.Combine(mount.LowerDirs[0], "same"), "top");
        File.WriteAllText(Path.Combine(mount.LowerDirs[2], "same"), "bottom");

        Driver.Mount(mount);

        Assert.True(Driver.IsMounted(mount.Merged));
        Assert.Equal("top", File.ReadAllText(_folder["merged/same"]));
        Assert.Equal(["layer0", "layer1", "layer2", "same"], Names(mount.Merged));
        File.WriteAllText(_folder["merged/new"], "");
        File.Delete(_folder["merged/layer1"]);
        Assert.Equal(["layer1", "new"], Names(mount.UpperDir!)); // a whiteout and a file
        Assert.True(File.Exists(Path.Combine(mount.LowerDirs[1], "layer1")));
        MountInfo seen = MountInfo.Read().Single(info => info.MountPoint == mount.Merged);
        Assert.Equal("layerimage", seen.Source);
    }

    [Fact]
    public void Layers_AreUnitedFromOneToTheMost()
    {
        foreach (int count in (int[])[1, 125, MostLayers])
        {
            OverlayMount mount = Describe(count, $"layers, with: marks {count}/");
            Driver.Mount(mount);
            Assert.Equal(count, Names(mount.Merged).Length);
            Assert.True(Driver.Unmount(mount.Merged));
        }
    }

    // By this others find that these folders are in use: the kernel lets two unions have one upper, and only warns.
    [Fact]
    public void UpperAndWork_AreSeenInMountinfo()
    {
        OverlayMount mount = Describe(2);

        Driver.Mount(mount);

        MountInfo seen = MountInfo.Read().Single(info => info.MountPoint == mount.Merged);
        Assert.Equal((mount.UpperDir, mount.WorkDir), (seen.Option("upperdir"), seen.Option("workdir")));
    }

    // Longer than a value of fsconfig(2) may be; and mount(2)'s page of options is full of layers.
    [Fact]
    public void LongPaths_AreUnited()
    {
        string far = $"{new string('u', 240)}/{new string('v', 240)}";
        OverlayMount mount = Describe(MostLayers, far + "/layers/");
        mount = mount with { UpperDir = Directory.CreateDirectory(_folder[far + "/upper"]).FullName, WorkDir = Directory.CreateDirectory(_folder[far + "/work"]).FullName };

        Driver.Mount(mount);

        Assert.Equal(MostLayers, Names(mount.Merged).Length);
        File.WriteAllText(_folder["merged/new"], "x");
        Assert.Equal(["new"], Names(mount.UpperDir!));
    }

    [Fact]
    public void ReadOnlyUnion_TakesNoChange()
    {
        OverlayMount mount = Describe(2) with { UpperDir = null, WorkDir = null };

        Driver.Mount(mount);

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

        LayerImageException error = Assert.ThrowsAny<LayerImageException>(() => Driver.Mount(mount));

        Assert.True(error.Error == EngineError.MountFailed || error is LinuxException { Errno: LinuxException.ENOENT }, error.ToString());
        Assert.Empty(TempFolder.MountsBeneath(_folder.Root));
    }

    [Theory]
    [InlineData("with space,comma:colon\\back")]
    [InlineData("ümläut = \"quoted\"\ttab\nline")]
    public void OddNames_AreMountedAndSeen(string odd)
    {
        OverlayMount mount = Describe(1);
        mount = mount with
        {
            LowerDirs = [Directory.CreateDirectory(_folder["lower " + odd]).FullName, .. mount.LowerDirs],
            UpperDir = Directory.CreateDirectory(_folder["upper " + odd]).FullName,
            Merged = Directory.CreateDirectory(_folder["merged " + odd]).FullName,
        };
        File.WriteAllText(Path.Combine(mount.LowerDirs[0], "odd"), "x");

        Driver.Mount(mount);
        try
        {
            Assert.Equal("x", File.ReadAllText(Path.Combine(mount.Merged, "odd")));
            Assert.Contains(MountInfo.Read(), seen => seen.MountPoint == mount.Merged);
        }
        finally
        {
            Assert.True(Driver.UnmountOne(mount.Merged, detach: false));
        }
    }

    [Fact]
    public void Unmounting_IsIdempotentAndLeavesWhatWasThereBefore()
    {
        OverlayMount mount = Describe(2);
        Driver.Mount(mount);
        Driver.Mount(mount with { UpperDir = null, WorkDir = null });

        Assert.True(Driver.UnmountOne(mount.Merged, detach: false));
        Assert.True(Driver.IsMounted(mount.Merged));
        Assert.True(Driver.UnmountOne(mount.Merged, detach: false));
        Assert.False(Driver.UnmountOne(mount.Merged, detach: false));
        Assert.False(Driver.Unmount(mount.Merged));
        Assert.False(Driver.IsMounted(mount.Merged));
    }

    [Fact]
    public void BusyUnion_IsTakenAwayOnlyWhenDetached()
    {
        OverlayMount mount = Describe(2);
        Driver.Mount(mount);
        using FileStream open = File.OpenRead(_folder["merged/layer1"]);

        Assert.Equal(LinuxException.EBUSY, Assert.Throws<LinuxException>(() => Driver.UnmountOne(mount.Merged, detach: false)).Errno);
        Assert.Contains($"process {Environment.ProcessId}: open file", MountHolders.Describe(mount.Merged), StringComparison.Ordinal);
        Assert.True(Driver.UnmountOne(mount.Merged, detach: true));
        Assert.False(Driver.IsMounted(mount.Merged));
    }

    private OverlayMount Describe(int count, string prefix = "layers/")
    {
        foreach (string name in (string[])["upper", "work", "merged"])
        {
            Directory.CreateDirectory(_folder[name]);
        }
        string[] layers = [.. Enumerable.Range(0, count).Select(i => _folder[$"{prefix}{i}"])];
        for (int i = 0; i < count; i++)
        {
            Directory.CreateDirectory(layers[i]);
            File.WriteAllText(Path.Combine(layers[i], $"layer{i}"), "");
        }
        return new OverlayMount { LowerDirs = layers, UpperDir = _folder["upper"], WorkDir = _folder["work"], Merged = _folder["merged"] };
    }

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
