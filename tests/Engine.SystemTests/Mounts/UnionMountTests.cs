using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Store;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Mounts;

/// <summary>Images and folders, mounted as users do it.</summary>
public sealed class UnionMountTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly Hearing _heard = new();

    private UnionMountService Mounts => _harness.Engine.Mounts;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (UnionMount mount in Mounts.List())
        {
            await Mounts.DismountAsync(mount, new DismountOptions { Force = true, Discard = true }, SilentObserver.Instance, CancellationToken.None);
        }
        await _harness.DisposeAsync();
    }

    [Fact]
    public async Task Image_IsMountedReadOnlyInTheRunFolder()
    {
        string name = await PullAsync();

        UnionMount mount = await MountAsync(new() { Reference = name });

        Assert.Equal((name, true, true), (mount.Reference, mount.IsReadOnly, mount.IsMounted));
        Assert.StartsWith(_harness.Layout.Run + "/mounts/", mount.Merged, StringComparison.Ordinal);
        Assert.Equal("top", File.ReadAllText(mount.Merged + "/same"));
        Assert.False(File.Exists(mount.Merged + "/gone"));
        Assert.ThrowsAny<IOException>(() => File.WriteAllText(mount.Merged + "/new", ""));
        Assert.Equal(mount.Id, Assert.Single(Mounts.List()).Id);
        await DismountAsync(mount);
        Assert.Empty(Mounts.List());
        Assert.False(Directory.Exists(mount.Merged));
        Assert.False(Directory.Exists(_harness.Layout.Mounts) && Directory.EnumerateFileSystemEntries(_harness.Layout.Mounts).Any());
    }

    // Whoever can reach it would be root by the image's set-user-ID programs, and read disks by its devices.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Image_GivesNobodyItsSetUserIdProgramsAndDevices(bool writable)
    {
        string name = await PullAsync();

        UnionMount mount = await MountAsync(new() { Reference = name, Path = _harness.Store["at"], Writable = writable });

        string[] options = (await ImageHarness.ShellAsync($"findmnt -n -o VFS-OPTIONS '{mount.Merged}'")).Trim().Split(',');
        Assert.Contains("nosuid", options);
        Assert.Contains("nodev", options);
    }

    [Fact]
    public async Task OneLayer_IsMountedAsItsTarDescribesTheRoot()
    {
        string name = new ImageBuilder().WithLayer(layer => layer.Directory("./", new() { Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute, Uid = 7 }).File("one")).Build().PushTo(_harness.Registry, "some/one");
        await _harness.ReceiveAsync(name);

        UnionMount mount = await MountAsync(new() { Reference = name, Path = _harness.Store["at"] });

        Assert.Equal("500 7", await ImageHarness.ShellAsync($"stat -c '%a %u' '{mount.Merged}'"));
        Assert.Equal([mount.Merged + "/one"], Directory.EnumerateFileSystemEntries(mount.Merged));
    }

    [Fact]
    public async Task StoresChanges_AreKeptUntilDiscarded()
    {
        string name = await PullAsync();
        UnionMount mount = await MountAsync(new() { Reference = name, Writable = true });
        File.WriteAllText(mount.Merged + "/new", "mine");

        await DismountAsync(mount);

        Assert.Contains(_heard.Warnings, text => text.Contains(mount.UpperDir!, StringComparison.Ordinal));
        Assert.Equal("mine", File.ReadAllText(mount.UpperDir + "/new"));
        Assert.False(Assert.Single(Mounts.List()).IsMounted);
        _harness.Engine.Images.Remove(_harness.Engine.Images.Get(name), null, force: false, pretend: false); // kept changes hold no layers
        Assert.Empty(_harness.LayerFolders());
        await DismountAsync(mount, new DismountOptions { Discard = true });
        Assert.Empty(Mounts.List());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Mounts));
        // Without changes nothing is kept.
        UnionMount unchanged = await MountAsync(new() { Reference = await PullAsync(), Writable = true });
        await DismountAsync(unchanged);
        Assert.Empty(Mounts.List());
    }

    [Fact]
    public async Task Folders_AreUnitedWithAnUpperOfTheUsers()
    {
        string low = Folder("low, with: marks", "a", "low"), high = Folder("high", "a", "high"), upper = _harness.Store["up, here"];

        UnionMount mount = await MountAsync(new() { Layers = [low, high], UpperDir = upper, Writable = true, Path = _harness.Store["at"] });
        Assert.Equal("high", File.ReadAllText(mount.Merged + "/a"));
        Assert.Equal([high, low], mount.LowerDirs);
        File.Delete(mount.Merged + "/a");
        LayerImageException taken = await RefuseAsync(EngineError.MountInUse, new() { Layers = [low], UpperDir = upper, Path = _harness.Store["other"] });
        Assert.Contains(mount.Merged, taken.Message, StringComparison.Ordinal);
        await DismountAsync(mount, new DismountOptions { Discard = true });

        Assert.True(File.Exists(upper + "/a")); // the whiteout: what is the user's stays
        Assert.False(Directory.Exists(upper + ".work"));
        Assert.False(Directory.Exists(mount.Merged));
    }

    [Fact]
    public async Task MountedImage_IsNotRemovedAndKeepsItsLayersWhenForced()
    {
        string name = await PullAsync();
        Image image = _harness.Engine.Images.Get(name);
        UnionMount mount = await MountAsync(new() { Reference = name });

        LayerImageException error = Assert.Throws<LayerImageException>(() => _harness.Engine.Images.Remove(image, null, force: false, pretend: false));
        Assert.Equal(EngineError.ImageInUse, error.Error);
        Assert.Contains(mount.Merged, error.Message, StringComparison.Ordinal);
        _harness.Engine.Images.Remove(image, null, force: true, pretend: false);

        Assert.Equal("top", File.ReadAllText(mount.Merged + "/same"));
        Assert.Equal(2, _harness.LayerFolders().Count);
        await DismountAsync(mount);
        _harness.AssertNothingLeft();
    }

    [Fact]
    public async Task UnmountedByOthers_IsForgotten()
    {
        string name = await PullAsync();
        UnionMount mount = await MountAsync(new() { Reference = name });

        await ImageHarness.ShellAsync($"umount '{mount.Merged}'");

        _harness.Engine.Images.Remove(_harness.Engine.Images.Get(name), null, force: false, pretend: false);
        Assert.Empty(Mounts.List());
    }

    // The kernel moves a mount with the folder that it is in.
    [Fact]
    public async Task MovedMount_IsFoundAndKeepsItsLayers()
    {
        string name = await PullAsync();
        Directory.CreateDirectory(_harness.Store["before"]);
        UnionMount mount = await MountAsync(new() { Reference = name, Path = _harness.Store["before/at"] });

        Directory.Move(_harness.Store["before"], _harness.Store["after"]);

        Assert.Equal(EngineError.ImageInUse, Assert.Throws<LayerImageException>(() => _harness.Engine.Images.Remove(_harness.Engine.Images.Get(name), null, force: false, pretend: false)).Error);
        UnionMount moved = Assert.Single(Mounts.List());
        Assert.Equal((mount.Id, _harness.Store["after/at"]), (moved.Id, moved.Merged));
        Assert.Equal("top", File.ReadAllText(moved.Merged + "/same"));
        await DismountAsync(moved);
        Assert.Empty(Mounts.List());
        Assert.Empty(TempFolder.MountsBeneath(_harness.Store[""].TrimEnd('/')));
    }

    [Fact]
    public async Task UnfitUpper_IsRefusedWithItsReason()
    {
        string name = await PullAsync(), disk = Directory.CreateDirectory(_harness.Store["disk"]).FullName;
        await ImageHarness.ShellAsync($"mount -t tmpfs limg-test '{disk}'");
        try
        {
            Assert.Contains("-WorkDir", (await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, UpperDir = disk, Path = _harness.Store["at"] })).Advice, StringComparison.Ordinal);
            await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, UpperDir = disk + "/upper", WorkDir = _harness.Store["work"], Path = _harness.Store["at"] });
            UnionMount union = await MountAsync(new() { Reference = name, Writable = true, Path = _harness.Store["union"] });
            Assert.Contains(union.Merged + "/upper", (await RefuseAsync(EngineError.MountFailed, new() { Reference = name, UpperDir = union.Merged + "/upper", Path = _harness.Store["at"] })).Advice, StringComparison.Ordinal);
            await DismountAsync(union, new DismountOptions { Discard = true });
            await DismountAsync(await MountAsync(new() { Reference = name, UpperDir = disk + "/upper", Path = _harness.Store["at"] }));
            Assert.Equal(["upper"], Directory.EnumerateFileSystemEntries(disk).Select(Path.GetFileName));
        }
        finally
        {
            await ImageHarness.ShellAsync($"umount '{disk}'");
        }
    }

    [Fact]
    public async Task MountOfAnotherBoot_IsForgottenAndItsChangesAreKept()
    {
        UnionMount mount = await MountAsync(new() { Reference = await PullAsync(), Writable = true });
        File.WriteAllText(mount.Merged + "/new", "mine");
        await ImageHarness.ShellAsync($"umount '{mount.Merged}'");
        StoreDatabase.Open(_harness.Layout.Database).Write(transaction => transaction.Execute("UPDATE mount SET boot_id = 'before'"));

        UnionMount kept = Assert.Single(Mounts.List());

        Assert.False(kept.IsMounted);
        Assert.Equal("mine", File.ReadAllText(kept.UpperDir + "/new"));
    }

    [Fact]
    public async Task BusyMount_NamesWhoAndForceDetaches()
    {
        UnionMount mount = await MountAsync(new() { Reference = await PullAsync() });
        using FileStream open = File.OpenRead(mount.Merged + "/same");

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => DismountAsync(mount));
        Assert.Equal(EngineError.MountInUse, error.Error);
        Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        Assert.True(Assert.Single(Mounts.List()).IsMounted);
        await DismountAsync(mount, new DismountOptions { Force = true });

        Assert.Empty(Mounts.List());
        Assert.Equal('t', open.ReadByte());
    }

    [Fact]
    public async Task WrongPlaces_AreRefusedAndLeaveNothing()
    {
        string name = await PullAsync();
        string link = _harness.Store["link"], folder = Folder("folder", "a", "");
        File.CreateSymbolicLink(link, folder);
        Assert.Contains(folder, (await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = link })).Message, StringComparison.Ordinal);
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = folder + "/a" });
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = _harness.Store["no/such/parent"] });
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = _harness.Store["not\uFFFDutf8"] });
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = _harness.Layout.Layers + "/x" });
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, Path = "/" });
        await RefuseAsync(EngineError.PathInvalid, new() { Reference = name, UpperDir = _harness.Engine.Images.Get(name).Layers[0].Path, Path = _harness.Store["at"] });
        await RefuseAsync(EngineError.PathInvalid, new() { Layers = [folder], UpperDir = folder + "/up", Path = _harness.Store["at"] });
        await RefuseAsync(EngineError.PathInvalid, new() { Layers = [_harness.Store["missing"]] });
        await RefuseAsync(EngineError.MountFailed, new() { Layers = [folder, folder], Path = _harness.Store["at"] });
        await RefuseAsync(EngineError.ParameterInvalid, new() { Layers = [] });
        await RefuseAsync(EngineError.ImageNotFound, new() { Reference = "nosuch:1" });

        Assert.Empty(Mounts.List());
        Assert.False(Directory.Exists(_harness.Store["at"]));
        Assert.Empty(TempFolder.MountsBeneath(_harness.Store[""].TrimEnd('/')));
    }

    [Fact]
    public async Task LinkOnTheWay_IsResolved()
    {
        Directory.CreateDirectory(_harness.Store["real"]);
        File.CreateSymbolicLink(_harness.Store["link"], _harness.Store["real"]);

        UnionMount mount = await MountAsync(new() { Reference = await PullAsync(), Path = _harness.Store["link/at"] });

        Assert.Equal(_harness.Store["real/at"], mount.Merged);
    }

    [Fact]
    public async Task OpaqueRoot_HidesTheLayersBelow()
    {
        string name = new ImageBuilder()
            .WithLayer(layer => layer.File("hidden", "x").Directory("dir", new() { Uid = 9 }).File("dir/hidden"))
            .WithLayer(layer => layer.File(".wh..wh..opq").File("dir/own"))
            .WithLayer(layer => layer.File("top")).Build().PushTo(_harness.Registry, "some/opaque");
        await _harness.ReceiveAsync(name);

        UnionMount mount = await MountAsync(new() { Reference = name });

        Assert.Equal("dir dir/own top", await ImageHarness.ShellAsync($"cd '{mount.Merged}'; echo $(find -mindepth 1 | sort | sed 's|./||')"));
        Assert.Equal("0", await ImageHarness.ShellAsync($"stat -c %u '{mount.Merged}/dir'"));
    }

    private async Task<string> PullAsync()
    {
        string name = new ImageBuilder().WithLayer(layer => layer.File("same", "bottom").File("gone")).WithLayer(layer => layer.File("same", "top").Whiteout("gone")).Build().PushTo(_harness.Registry, "some/image");
        return (await _harness.ReceiveAsync(name)).Tags[0];
    }

    private string Folder(string name, string file, string content)
    {
        string folder = Directory.CreateDirectory(_harness.Store[name]).FullName;
        File.WriteAllText(Path.Combine(folder, file), content);
        return folder;
    }

    private Task<UnionMount> MountAsync(UnionMountRequest request) => Mounts.MountAsync(request, _heard, ImageHarness.Stop);

    private Task DismountAsync(UnionMount mount, DismountOptions? options = null) => Mounts.DismountAsync(mount, options ?? new DismountOptions(), _heard, ImageHarness.Stop);

    private async Task<LayerImageException> RefuseAsync(EngineError expected, UnionMountRequest request)
    {
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => MountAsync(request));
        Assert.True(expected == error.Error, error.ToString());
        return error;
    }

    private sealed class Hearing : IEngineObserver
    {
        public List<string> Warnings { get; } = [];

        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Warnings.Add(message);

        public void Progress(TransferProgress progress)
        {
        }
    }
}
