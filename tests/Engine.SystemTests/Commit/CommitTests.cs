using System.Text.Json;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.Oci;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>A committed image shows exactly what its container showed.</summary>
public sealed class CommitTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private readonly OverlayMountDriver _driver = new();
    private string _base = "";

    public ValueTask InitializeAsync()
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("crun"), Requires.Tool("conmon"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        BuiltImage built = new ImageBuilder().WithCommand("sh").WithEnvironment("A=b").WithLabel("k", "v").WithUser("5").WithWorkingDirectory("/dir").WithStopSignal("SIGINT").WithExposedPorts("80/tcp")
            .With("Healthcheck", new System.Text.Json.Nodes.JsonObject { ["Test"] = "x" }).With("OfTheFuture", 5)
            .WithLayer(layer => layer.Directory("./", new LayerBuilder.Attributes { Mode = (UnixFileMode)0b111_101_000, Gid = 7 }).Directory("dev/").Directory("proc/").Directory("sys/").Directory("etc/").File("etc/hosts").File("etc/hostname").File("etc/resolv.conf")
                .Directory("dir/").File("dir/a", "a").File("dir/b", "b").Directory("dir/sub/").File("dir/sub/deep", "d").Directory("gone/").File("gone/in").Directory("swap/").File("swap/old").File("mode", "m").File("owner").File("content", "old").HardLink("content2", "content").SymbolicLink("link", "dir"))
            .WithLayer(layer => layer.Directory("dir/").File("dir/b", "b2").Whiteout("dir/a").File("top", "t"))
            .Build();
        _base = built.PushTo(_harness.Registry, "base/image");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Theory]
    [InlineData("a new file", "echo x >new")]
    [InlineData("deleted", "rm -r gone dir/b top")]
    [InlineData("renamed file", "mv content dir/moved")]
    [InlineData("renamed directory", "cp -a dir copy; rm -r dir; mv copy renamed")]
    [InlineData("replaced directory", "rm -r swap; mkdir swap; echo new >swap/new")]
    [InlineData("directory to file", "rm -r swap; echo file >swap")]
    [InlineData("file to directory", "rm mode; mkdir mode; echo in >mode/in")]
    [InlineData("link to directory", "rm link; mkdir link; echo in >link/in")]
    [InlineData("directory to link", "rm -r swap; ln -s dir swap")]
    [InlineData("mode only", "chmod 4711 mode; chmod 1777 dir")]
    [InlineData("owner only", "chown 70000:70001 owner; chown -h 5:6 link")]
    [InlineData("the root's mode", "chmod 711 .; chown 3:4 .")]
    [InlineData("hard links", "echo l >one; ln one dir/two; ln -s one sym; ln sym sym2; mkfifo pipe; mknod null c 1 3")]
    [InlineData("times", "touch -d '2001-01-01 0:0:0.123456789 UTC' content dir; touch -h -d '2002-01-01 UTC' link")]
    [InlineData("deep", "mkdir -p a/b/c/d; echo x >a/b/c/d/e; rm -r dir; mkdir -p dir/sub; echo y >dir/sub/y")]
    [InlineData("opaque inside opaque", "rm -r dir; mkdir -p dir/sub; echo 1 >dir/sub/new; rm -r dir/sub; mkdir dir/sub")]
    [InlineData("sparse", "truncate -s 20M hole; printf end >>hole")]
    [InlineData("names", "n=$(printf '%0240d' 0); echo x >$n; mkdir 'with space'; echo ü >'with space/ü'")]
    public async Task Committed_ShowsWhatTheContainerShowed(string what, string script)
    {
        Assert.NotEmpty(what);
        Container container = await _harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = _base, Network = NetworkMode.None }, SilentObserver.Instance, ImageHarness.Stop);
        TreeDigest before = await ChangeAsync(container, script);

        Image image = await CommitAsync(container, "committed:1");

        Assert.Equal(3, image.Layers.Count);
        Assert.DoesNotContain(before.DifferencesTo(await ShowAsync(image)), line => IsReal(before, line));
        await AssertExportAndReceiveAgainAsync(image);
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
    }

    [Fact]
    public async Task SecondCommit_StandsOnTheFirst()
    {
        Container first = await CreateAsync(_base);
        await ChangeAsync(first, "rm -r dir; mkdir dir; echo 1 >dir/one; echo 1 >both");
        Image one = await CommitAsync(first, "one:1");
        Container second = await CreateAsync("one:1");
        TreeDigest before = await ChangeAsync(second, "rm dir/one; echo 2 >dir/two; echo 2 >both; mkdir gone/again");

        Image two = await CommitAsync(second, "two:1");

        Assert.Equal(4, two.Layers.Count);
        Assert.Equal(one.Layers.Select(layer => layer.Path), two.Layers.Take(3).Select(layer => layer.Path));
        Assert.DoesNotContain(before.DifferencesTo(await ShowAsync(two)), line => IsReal(before, line));
    }

    [Fact]
    public async Task NoChange_IsNoLayer()
    {
        Container container = await CreateAsync(_base);

        Image image = await CommitAsync(container, "same:1", new CommitOptions { Reference = "same:1", Author = "zyp", Message = "nothing new" });

        Assert.Equal(2, image.Layers.Count);
        Assert.True(image.Config.History![^1].EmptyLayer);
        Assert.Equal(("zyp", "nothing new"), (image.Author, image.Message));
        Assert.Equal(3, image.Config.History.Count);
        await AssertExportAndReceiveAgainAsync(image);
    }

    [Fact]
    public async Task SameChange_IsTheSameLayerOnce()
    {
        Container one = await CreateAsync(_base), two = await CreateAsync(_base);
        const string Script = "echo x >new; touch -d '2020-01-01 UTC' new dir .";
        await ChangeAsync(one, Script);
        await ChangeAsync(two, Script);

        Image first = await CommitAsync(one, "first:1"), second = await CommitAsync(two, "second:1");

        Assert.Equal(first.Layers[2].DiffId, second.Layers[2].DiffId);
        Assert.Equal(3, _harness.LayerFolders().Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
    }

    [Fact]
    public async Task Configuration_IsTheBasesWithTheContainersSettings()
    {
        Container container = await _harness.Engine.Containers.CreateAsync(new ContainerRequest
        {
            Image = _base,
            Network = NetworkMode.None,
            Command = ["sh", "-c", "true"],
            Environment = ["C=d"],
            Labels = new Dictionary<string, string> { ["own"] = "1" },
            User = "6:7",
        }, SilentObserver.Instance, ImageHarness.Stop);
        await ChangeAsync(container, "echo x >new");

        Image image = await CommitAsync(container, "configured:1", new CommitOptions { Reference = "configured:1", Author = "zyp", Message = "say\n\"hi\" <&> ü" });

        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(_harness.Layout.Blob(Digest.Parse(image.Id)), ImageHarness.Stop));
        JsonElement config = document.RootElement.GetProperty("config");
        Assert.Equal(5, config.GetProperty("OfTheFuture").GetInt32());
        Assert.Equal("x", config.GetProperty("Healthcheck").GetProperty("Test").GetString());
        Assert.Equal("6:7", config.GetProperty("User").GetString());
        Assert.Equal("/dir", config.GetProperty("WorkingDir").GetString());
        Assert.Equal("SIGINT", config.GetProperty("StopSignal").GetString());
        Assert.Equal(["sh", "-c", "true"], config.GetProperty("Cmd").EnumerateArray().Select(item => item.GetString()));
        Assert.Contains("C=d", config.GetProperty("Env").EnumerateArray().Select(item => item.GetString()));
        Assert.Contains("A=b", config.GetProperty("Env").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal("v", config.GetProperty("Labels").GetProperty("k").GetString());
        Assert.Equal("1", config.GetProperty("Labels").GetProperty("own").GetString());
        Assert.True(config.GetProperty("ExposedPorts").TryGetProperty("80/tcp", out _));
        JsonElement last = document.RootElement.GetProperty("history").EnumerateArray().Last();
        Assert.Equal("say\n\"hi\" <&> ü", last.GetProperty("comment").GetString());
        Assert.Equal("zyp", last.GetProperty("author").GetString());
        Assert.Equal("sh -c true", last.GetProperty("created_by").GetString());
        Assert.Equal(3, document.RootElement.GetProperty("rootfs").GetProperty("diff_ids").GetArrayLength());
        Assert.Equal("linux/amd64", image.Platform);
    }

    [Fact]
    public async Task SocketsAreLeftOutWithAWarning_AndWhiteoutNamesRefused()
    {
        Container container = await CreateAsync(_base);
        await ChangeAsync(container, "perl -MSocket -e 'socket(my $s, AF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un(\"sock\")) or die'; echo x >new");
        Warnings heard = new();

        Image image = await _harness.Engine.Commits.CommitAsync(container.Id, new CommitOptions { Reference = "socket:1" }, heard, ImageHarness.Stop);

        Assert.Contains(heard.Texts, text => text.Contains("sock", StringComparison.Ordinal));
        Assert.False((await ShowAsync(image)).Entries.ContainsKey("sock"));
        // Where it stood in the place of a file, that file does not come back.
        await ChangeAsync(container, "rm top; mv sock top");
        Assert.False((await ShowAsync(await CommitAsync(container, "socket:2"))).Entries.ContainsKey("top"));
        await ChangeAsync(container, "echo x >.wh.bad");
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => CommitAsync(container, "bad:1"));
        Assert.Equal(EngineError.LayerInvalid, error.Error);
        Assert.Empty(_harness.Engine.Images.Find("bad:1"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Scratch));
        _harness.AssertRecordsFitFiles();
    }

    [Fact]
    public async Task DirectoriesTooDeepForAPath_AreRefusedAndRemoved()
    {
        Assert.SkipWhen(Requires.OpenFiles(4096) is not null, Requires.OpenFiles(4096) ?? "");
        Container container = await CreateAsync(_base);
        await ImageHarness.ShellAsync($"cd '{_harness.Layout.Upper(container.Id)}'; perl -e 'for (1..20000) {{ mkdir \"d\" or die; chdir \"d\" or die }}'");

        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => CommitAsync(container, "deep:1"));

        Assert.Equal(EngineError.LayerInvalid, error.Error);
        Assert.NotEmpty(await _harness.Engine.Containers.Changes.GetAsync(container.Id, ImageHarness.Stop));
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Containers));
    }

    [Fact]
    public async Task EverythingRemoved_LeavesNothing()
    {
        Container container = await CreateAsync(_base);
        await ChangeAsync(container, "echo x >new");
        Image image = await CommitAsync(container, "last:1");

        _harness.Engine.Images.Remove(_harness.Engine.Images.Get(_base), null, force: true, pretend: false);
        _harness.Engine.Images.Remove(image, null, force: true, pretend: false);
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);

        _harness.AssertNothingLeft();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_harness.Layout.Containers));
    }

    private Task<Container> CreateAsync(string image) => _harness.Engine.Containers.CreateAsync(new ContainerRequest { Image = image, Network = NetworkMode.None }, SilentObserver.Instance, ImageHarness.Stop);

    private Task<Image> CommitAsync(Container container, string reference, CommitOptions? options = null) =>
        _harness.Engine.Commits.CommitAsync(container.Id, options ?? new CommitOptions { Reference = reference }, SilentObserver.Instance, ImageHarness.Stop);

    // As a start does it, without a program: what the container sees is changed by a shell of the host.
    private async Task<TreeDigest> ChangeAsync(Container container, string script)
    {
        string id = container.Id;
        OverlayMount mount = _harness.Describe(id);
        _driver.Mount(mount);
        try
        {
            await ImageHarness.ShellAsync($"umask 022; cd '{mount.Merged}'; {script}");
            return TreeDigest.Of(mount.Merged);
        }
        finally
        {
            _driver.Unmount(mount.Merged);
        }
    }

    private async Task<TreeDigest> ShowAsync(Image image)
    {
        Container container = await CreateAsync(image.Id);
        TreeDigest shown = await ChangeAsync(container, "");
        await _harness.Engine.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, ImageHarness.Stop);
        return shown;
    }

    // Out through another program and in again: the same image, the same layers.
    private async Task AssertExportAndReceiveAgainAsync(Image image)
    {
        string layout = _harness.Store[$"layout-{Guid.NewGuid():N}"];
        await _harness.Engine.Images.ExportOciLayoutAsync(image, layout, ImageHarness.Stop);
        Assert.SkipWhen(Requires.Tool("skopeo") is not null, Requires.Tool("skopeo") ?? "");
        await ImageHarness.ShellAsync($"skopeo --insecure-policy copy -q --dest-tls-verify=false oci:'{layout}':1 docker://{_harness.Registry.Host}/again:1");
        await using ImageHarness other = new();
        Image again = await other.ReceiveAsync($"{_harness.Registry.Host}/again:1");
        Assert.Equal(image.Id, again.Id);
        foreach ((ImageLayer ours, ImageLayer theirs) in image.Layers.Zip(again.Layers))
        {
            TreeDigest tree = TreeDigest.Of(ours.Path!);
            Assert.DoesNotContain(tree.DifferencesTo(TreeDigest.Of(theirs.Path!)), line => !IsRootLine(line) && !IsTimeOfWhiteout(tree, line) && !IsOverlaysNote(line));
        }
    }

    // The root of a layer that does not describe it has no time or owner of its own.
    private static bool IsRootLine(string line) => line.StartsWith(".: ", StringComparison.Ordinal);

    // What overlayfs noted in an upper directory that became a layer.
    private static bool IsOverlaysNote(string line) => line.Split(": XAttrs ") is [_, string change]
        && change.Split(" -> ").Select(side => string.Join(' ', side.Split(' ').Where(attribute => !attribute.StartsWith("trusted.overlay.origin=", StringComparison.Ordinal) && !attribute.StartsWith("trusted.overlay.impure=", StringComparison.Ordinal)))).Distinct().Count() == 1;

    // The kernel makes one inode of all its whiteouts.
    private static bool IsTimeOfWhiteout(TreeDigest tree, string line) => line.Split([": Time ", ": SameAs "], StringSplitOptions.None) is [string path, _] && tree.Entries[path].Device == "0:0";

    // A symbolic link's size is the file system's affair where that is the base's: only files' counts.
    private static bool IsReal(TreeDigest tree, string line) => line.Split(": Size ") is not [string path, _] || tree.Entries[path].Type == "file";

    private sealed class Warnings : IEngineObserver
    {
        public List<string> Texts { get; } = [];

        public void Verbose(string message)
        {
        }

        public void Warning(string message) => Texts.Add(message);

        public void Progress(TransferProgress progress)
        {
        }
    }
}
