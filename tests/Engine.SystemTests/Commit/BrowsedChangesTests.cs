using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.Layers;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>What a container changed, in the drive. A commit makes a layer of the container's own of that, and it stays its change.</summary>
public sealed class BrowsedChangesTests : IAsyncDisposable
{
    private readonly CommitHarness _harness = new();

    private LayerImageEngine Engine => _harness.Images.Engine;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task Changes_AreThoseOfOneLayerWithTheSameEffect_HoweverOftenCommitted()
    {
        Container container = await _harness.CreateAsync();
        string[] scripts =
        [
            "echo 1 >one; mkdir new; echo 1 >new/in; echo 1 >new/gone; rm file; echo 1 >>dir/a; rm -r dir/sub; mkdir dir/sub; echo 1 >dir/sub/own; ln -s one link",
            "rm one; rm new/gone; rm dir/sub/own; echo 2 >file; echo 2 >two; chmod 700 etc; rm dir/b", // of what the image has not, and of what it has
            "rm -r new; echo 3 >new; rm file; mkdir file; echo 3 >file/in; rm -r dir; mkdir dir; echo 3 >dir/c",
            "rm -r dir; rm -r file two link",
        ];
        foreach (string script in scripts)
        {
            await ChangeAsync(container, script);
            string[] before = Shown(container);

            Assert.Equal(OneLayer(container), before);
            await AssertAreChangesAsync(container, before);
            await _harness.CommitAsync(container, new CommitOptions { Reference = "committed:1" });
            Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Images.Layout.Upper(container.Id)));
            Assert.Equal(before, Shown(container));
            await AssertAreChangesAsync(container, before);
        }
        Assert.Equal(["dir Whiteout", "etc Directory", "file Whiteout", "new File"], Shown(container));
        using StreamReader reader = new(Engine.Browser.OpenContent($"/containers/{container.Name}/changes/new", ImageHarness.Stop));
        Assert.Equal("3\n", await reader.ReadToEndAsync(ImageHarness.Stop));

        // A commit that was killed has taken the upper directory, and the next look at the container gives it one.
        Directory.Delete(_harness.Images.Layout.Upper(container.Id));
        Assert.Equal(["dir Whiteout", "etc Directory", "file Whiteout", "new File"], Shown(container));
    }

    // The layer of mount points that the image lacks is beneath all that the container changed.
    [Fact]
    public async Task CommittedLayer_IsShownBeforeTheMountPoints()
    {
        string name = new ImageBuilder().WithCommand("sh").WithLayer(layer => layer.Directory("etc/")).Build().PushTo(_harness.Images.Registry, "no/mountpoints");
        Container container = await _harness.CreateAsync(name);
        await ChangeAsync(container, "chmod 700 etc; echo own >etc/own");

        await _harness.CommitAsync(container, new CommitOptions { Reference = "committed:1" });

        Assert.True(Directory.Exists(Path.Combine(_harness.Images.Layout.Container(container.Id), "init/etc")));
        Assert.Equal(0b111_000_000, Engine.Browser.Find($"/containers/{container.Name}/rootfs/etc", ImageHarness.Stop)!.Permissions);
        Assert.Equal(["hostname", "hosts", "own", "resolv.conf"], Engine.Browser.List($"/containers/{container.Name}/rootfs/etc", ImageHarness.Stop).Select(item => item.Name));
    }

    private async Task ChangeAsync(Container container, string script)
    {
        OverlayMountDriver driver = new();
        OverlayMount mount = _harness.Images.Describe(container.Id);
        driver.Mount(mount);
        try
        {
            await ImageHarness.ShellAsync($"umask 022; cd '{mount.Merged}'; {script}");
        }
        finally
        {
            driver.Unmount(mount.Merged);
        }
    }

    // What a squashing commit would write.
    private string[] OneLayer(Container container)
    {
        OverlayMount mount = _harness.Images.Describe(container.Id);
        string copy = _harness.Images.Store[$"copy-{Guid.NewGuid():N}"];
        Directory.CreateDirectory(copy);
        TreeTar.Copy([mount.UpperDir!, .. mount.LowerDirs.SkipLast(1)], copy, new TreeWalkOptions { LowerDirs = [mount.LowerDirs[^1]] }, ImageHarness.Stop);
        return [.. TreeDigest.Of(copy).Entries.Where(entry => entry.Key != ".").Select(entry => Line(entry.Key, entry.Value switch
        {
            { Type: "character", Device: "0:0" } => nameof(LayerImageItemType.Whiteout),
            { Type: "directory" } => nameof(LayerImageItemType.Directory),
            { Type: "symlink" } => nameof(LayerImageItemType.SymbolicLink),
            _ => nameof(LayerImageItemType.File),
        }, entry.Value.XAttrs.Contains("trusted.overlay.opaque", StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
    }

    private string[] Shown(Container container)
    {
        string root = $"/containers/{container.Name}/changes";
        List<string> lines = [];
        Queue<string> folders = new([root]);
        while (folders.TryDequeue(out string? folder))
        {
            foreach (LayerImageItem item in Engine.Browser.List(folder, ImageHarness.Stop))
            {
                string path = $"{folder}/{item.Name}";
                lines.Add(Line(path[(root.Length + 1)..], item.Type.ToString(), item.IsOpaque));
                Assert.Equal(item.Type, Engine.Browser.Find(path, ImageHarness.Stop)!.Type);
                if (item.Type == LayerImageItemType.Directory)
                {
                    folders.Enqueue(path);
                }
            }
        }
        return [.. lines.Order(StringComparer.Ordinal)];
    }

    private async Task AssertAreChangesAsync(Container container, string[] shown)
    {
        Dictionary<string, LayerChange> changes = (await Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop)).ToDictionary(change => change.Path[1..]);
        Dictionary<string, string> lines = shown.ToDictionary(line => line.Split(' ')[0], line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        foreach ((string path, string type) in lines.Where(line => !line.Value.StartsWith("Directory", StringComparison.Ordinal)))
        {
            Assert.Equal(type == "Whiteout", changes[path].Kind == LayerChangeKind.Deleted);
        }
        foreach ((string path, LayerChange change) in changes.Where(change => change.Key.Length > 0))
        {
            bool isToldByADirectory = lines.Any(line => line.Value.EndsWith("opaque", StringComparison.Ordinal) && path.StartsWith(line.Key + "/", StringComparison.Ordinal));
            Assert.True(change.Kind == LayerChangeKind.Deleted ? lines.GetValueOrDefault(path) == "Whiteout" || isToldByADirectory : lines.ContainsKey(path) && lines[path] != "Whiteout", $"{change.Kind} {path}");
        }
    }

    private static string Line(string path, string type, bool isOpaque) => $"{path} {type}{(isOpaque ? " opaque" : "")}";
}
