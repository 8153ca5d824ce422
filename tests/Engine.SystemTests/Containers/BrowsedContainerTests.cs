using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images.Browse;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>Looking into containers by the drive, while they run and when they have ended.</summary>
[Collection("Containers")]
public sealed class BrowsedContainerTests
{
    private const string Script = """
        mkdir /data; echo one >/data/file; rm /etc/group; rm -r /srv/www.dist; mkdir /srv/www.dist; echo new >/srv/www.dist/new; echo own >>/etc/passwd; chmod 4711 /data/file
        ln -s ../../../../../../etc/passwd /climbing; ln -s /etc/passwd /absolute; ln -s /proc/1/root/etc/passwd /proc-link; ln -s / /data/root; ln -s gone /dangling; mkfifo /data/pipe
        echo >/done; exec sleep 1000
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunningAndStopped_AreShownAsTheyAre()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        LayerImageBrowser browser = harness.Engine.Browser;
        Container container = await harness.RunAsync(Script);
        string rootfs = $"/containers/{container.Name}/rootfs", changes = $"/containers/{container.Name}/changes";
        for (int i = 0; browser.Find(rootfs + "/done", Stop) is null; i++)
        {
            Assert.True(i < 200, "The container did not come to its end.");
            await Task.Delay(50, Stop);
        }
        string merged = await FindAsync(harness.Layout.Merged(container.Id));

        Assert.Equal(["changes", "rootfs"], Names(browser, $"/containers/{container.Name}"));
        Assert.Equal(merged, Shown(browser, rootfs));
        AssertChanges(browser, rootfs, changes);
        // What is changed after the first look is there at the second.
        await ImageHarness.ShellAsync($"echo two >'{harness.Layout.Merged(container.Id)}/data/later'; rm '{harness.Layout.Merged(container.Id)}/bin/ls'");
        Assert.Equal("two\n", Read(browser, rootfs + "/data/later"));
        Assert.Null(browser.Find(rootfs + "/bin/ls", Stop));
        Assert.True(browser.Find(changes + "/bin/ls", Stop)!.IsWhiteout);
        merged = await FindAsync(harness.Layout.Merged(container.Id));

        await harness.Containers.StopAsync(container.Id, TimeSpan.Zero, null, Stop);

        Assert.Equal(merged, Shown(browser, rootfs));
        AssertChanges(browser, rootfs, changes);
        await harness.Containers.RemoveAsync(container.Id, force: true, SilentObserver.Instance, Stop);
        Assert.Empty(Names(browser, "/containers"));
        Assert.Null(browser.Find(rootfs, Stop));
    }

    // The mark in a layer's root hides all below it, which the kernel by itself would show.
    [Fact]
    public async Task OpaqueRoot_HidesTheLayersBelowInAContainer()
    {
        await using ContainerHarness harness = await ContainerHarness.CreateAsync();
        await using RegistryServer registry = new();
        using TempFolder folder = new();
        string box = await BusyboxRootFs.CreateAsync(folder["box"], Stop);
        await ImageHarness.ShellAsync($"touch '{box}/.wh..wh..opq'; tar -C '{box}' -cf '{folder["box.tar"]}' .");
        string name = new ImageBuilder().WithLayer(layer => layer.File("hidden").Directory("etc/").File("etc/hidden"))
            .WithLayer(LayerBlob.From(await File.ReadAllBytesAsync(folder["box.tar"], Stop), LayerCompression.Gzip)).Build().PushTo(registry, "opaque/box");

        Container container = await harness.Containers.RunAsync(new ContainerRequest { Image = name, Network = NetworkMode.None, Command = ["ls /hidden /etc/hidden; ls /bin/busybox && sleep 1000"] }, null, SilentObserver.Instance, Stop);

        string merged = await FindAsync(harness.Layout.Merged(container.Id));
        Assert.DoesNotContain("hidden", merged, StringComparison.Ordinal);
        Assert.Contains("bin/busybox", merged, StringComparison.Ordinal);
        Assert.Equal(merged, Shown(harness.Engine.Browser, $"/containers/{container.Name}/rootfs"));
    }

    private static void AssertChanges(LayerImageBrowser browser, string rootfs, string changes)
    {
        Assert.Equal(["file", "pipe", "root"], Names(browser, rootfs + "/data").Where(name => name != "later"));
        Assert.Equal(["new"], Names(browser, rootfs + "/srv/www.dist"));
        Assert.Null(browser.Find(rootfs + "/etc/group", Stop));
        Assert.Equal("one\n", Read(browser, rootfs + "/data/file"));
        Assert.Equal("-rws--x--x", browser.Find(rootfs + "/data/file", Stop)!.Mode);
        // Links lead to the container's own files, never to the host's.
        foreach (string link in (string[])["climbing", "absolute", "data/root/etc/passwd"])
        {
            Assert.EndsWith("\nown\n", Read(browser, $"{rootfs}/{link}"), StringComparison.Ordinal);
        }
        Assert.Equal(EngineError.PathInvalid, Assert.ThrowsAny<LayerImageException>(() => Read(browser, rootfs + "/proc-link")).Error);
        Assert.Equal(EngineError.PathInvalid, Assert.ThrowsAny<LayerImageException>(() => Read(browser, rootfs + "/dangling")).Error);
        Assert.Equal(EngineError.PathInvalid, Assert.ThrowsAny<LayerImageException>(() => Read(browser, rootfs + "/data/pipe")).Error);
        Assert.False(browser.Find(rootfs + "/data/root", Stop)!.IsContainer);

        Assert.True(browser.Find(changes + "/etc/group", Stop)!.IsWhiteout);
        Assert.True(browser.Find(changes + "/srv/www.dist", Stop)!.IsOpaque);
        Assert.Equal(["group", "passwd"], Names(browser, changes + "/etc"));
        Assert.Null(browser.Find(changes + "/home", Stop));
    }

    private static string[] Names(LayerImageBrowser browser, string path) => [.. browser.List(path, Stop).Select(item => item.Name).Order(StringComparer.Ordinal)];

    private static string Read(LayerImageBrowser browser, string path)
    {
        using StreamReader reader = new(browser.OpenContent(path, Stop));
        return reader.ReadToEnd();
    }

    private static async Task<string> FindAsync(string folder) =>
        string.Join('\n', (await ImageHarness.ShellAsync($"cd '{folder}'; find . -mindepth 1 -xdev -printf '%P %m %U %G %l\\n'")).Split('\n').Order(StringComparer.Ordinal));

    private static string Shown(LayerImageBrowser browser, string rootfs)
    {
        List<string> lines = [];
        Queue<string> folders = new([rootfs]);
        while (folders.TryDequeue(out string? folder))
        {
            foreach (LayerImageItem item in browser.List(folder, Stop))
            {
                string path = $"{folder}/{item.Name}";
                lines.Add($"{path[(rootfs.Length + 1)..]} {Convert.ToString(item.Permissions!.Value, 8)} {item.Uid} {item.Gid} {item.LinkTarget}");
                if (item.Type == LayerImageItemType.Directory)
                {
                    folders.Enqueue(path);
                }
            }
        }
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
