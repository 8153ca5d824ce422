using System.Text.Json.Nodes;
using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.Images.Mounting;
using LayerImage.Engine.Mounts;
using LayerImage.Engine.SystemTests.Images;
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

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None }, null, SilentObserver.Instance, Stop);
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

        Container container = await harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None, Environment = ["LAST=3"] }, SilentObserver.Instance, Stop);

        Assert.Equal(["FIRST=1", "BARE", "LAST=3"], container.Spec.Environment);
    }

    [Theory]
    [InlineData("/data/deep", "/data/deep")]
    [InlineData("relative", "/relative")]
    [InlineData("/../up", "/up")]
    [InlineData("/opt/app/log", "/opt/app/log")]
    [InlineData("/var/run/app", "/run/app")]
    [InlineData("/dangling/in", "/srv/later/in")]
    [InlineData("/climbing/in", "/escaped/in")]
    public async Task DeclaredVolume_IsAFolder(string declared, string made)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().WithLayer(layer => layer.Directory("run/").Directory("var/").SymbolicLink("var/run", "/run").SymbolicLink("dangling", "srv/later")
            .SymbolicLink("climbing", "../../../escaped").Directory("opt/").Directory("opt/app/", new() { Mode = UnixFileMode.UserExecute | UnixFileMode.UserRead | UnixFileMode.StickyBit, Uid = 7, Gid = 8 }))
            .With("Volumes", new JsonObject { [declared] = new JsonObject() }));

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None, ReadOnly = true }, null, SilentObserver.Instance, Stop);

        DirectoryInfo folder = new(harness.Layout.Merged(container.Id) + made);
        Assert.True(folder.Exists);
        Assert.Equal("755 0 0", (await ImageHarness.ShellAsync($"stat -c '%a %u %g' '{folder.FullName}'")).Trim());
        Assert.Equal("1500 7 8 2024", (await ImageHarness.ShellAsync($"stat -c '%a %u %g %y' '{harness.Layout.Merged(container.Id)}/opt/app'"))[..13]);
        Assert.Empty(await harness.Containers.Changes.GetAsync(container.Id, Stop));
    }

    [Fact]
    public async Task DeclaredVolumesThatCannotBeFolders_AreLeftOut()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        string[] odd = ["/bin/busybox", "/bin/busybox/in", "/loop/in", "/", "", "..", "/bin", "/dev/own", "/nul\0byte", "/" + new string('n', 300), string.Concat(Enumerable.Repeat("/p", 3000))];
        await ImportAsync(harness, Busybox().WithLayer(layer => layer.SymbolicLink("loop", "loop"))
            .With("Volumes", new JsonObject(odd.Append("/data").Select(path => KeyValuePair.Create(path, (JsonNode?)new JsonObject())))));

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None }, null, SilentObserver.Instance, Stop);

        Assert.Equal(ContainerState.Running, container.State);
        Assert.True(Directory.Exists(harness.Layout.Merged(container.Id) + "/data"));
    }

    [Theory]
    [InlineData("true", "")]
    [InlineData("echo x >/data/file", "/data /data/file")]
    [InlineData("busybox rmdir /data", "")]
    [InlineData("busybox rmdir /data; busybox mkdir /data; echo x >/data/file", "/data /data/file")]
    [InlineData("busybox mv /data /moved", "/moved")]
    public async Task DeclaredVolume_IsNotCommitted(string script, string committed)
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().With("Volumes", new JsonObject { ["/data"] = new JsonObject() }));
        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None, Command = ["/bin/busybox", "sh", "-c", script] }, null, SilentObserver.Instance, Stop);
        await harness.Containers.Waits.ForStopAsync(container.Id, TimeSpan.FromSeconds(30), Stop);

        Image image = await harness.Engine.Commits.CommitAsync(container.Id, new CommitOptions { Reference = "done" }, SilentObserver.Instance, Stop);

        // A mark that deletes what no layer has does nothing.
        int inherited = harness.Engine.Images.Get("odd").Layers.Count;
        string[] added = [.. image.Layers.Skip(inherited).Select(layer => layer.Path!)];
        Assert.Equal(committed, string.Join(' ', (await Task.WhenAll(added.Select(path => ImageHarness.ShellAsync($"find '{path}' -mindepth 1 ! -type c -printf '/%P\\n' | sort")))).SelectMany(text => text.Split('\n', StringSplitOptions.RemoveEmptyEntries))));
    }

    [Fact]
    public async Task EmptyEntrypoint_IsNone()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await ImportAsync(harness, Busybox().WithEntrypoint(""));

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None }, null, SilentObserver.Instance, Stop);

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

        Container container = await harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", Network = NetworkMode.None }, SilentObserver.Instance, Stop);

        Assert.Equal(used, container.Spec.StopSignal);
        LayerImageException error = await Assert.ThrowsAnyAsync<LayerImageException>(() => harness.Containers.CreateAsync(new ContainerRequest { Image = "odd", StopSignal = "SIGNONE" }, SilentObserver.Instance, Stop));
        Assert.Equal(EngineError.ParameterInvalid, error.Error);
    }

    private static ImageBuilder Busybox() => new ImageBuilder().WithCommand("/bin/busybox", "sleep", "100").WithEnvironment("PATH=/bin").WithLayer(layer => layer.Directory("bin/").Directory("proc/").Directory("sys/").Directory("dev/")
        .File("bin/busybox", File.ReadAllBytes("/bin/busybox"), new() { Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute }));

    private static async Task ImportAsync(ContainerHarness harness, ImageBuilder image)
    {
        image.Build().WriteLayout(harness["layout"], "latest");
        _ = await harness.Engine.Images.ImportAsync(harness["layout"], "odd", null, Stop);
    }
}
