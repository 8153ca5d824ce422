using System.Globalization;
using System.Net;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Module;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Module.Tests.Acceptance;

/// <summary>The user's story: pull Tomcat, see its 404, fix it inside, commit, serve the home page from the new image.</summary>
public sealed class TomcatStoryTests : AcceptanceTest
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Tomcat_Is404ThenFixedInsideThenCommittedThenServed()
    {
        string? missing = Requires.All(Missing, DebianRegistry.Missing, TomcatImage.Missing, Requires.Tool("podman"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        TomcatImage image = await TomcatImage.GetAsync(Stop);
        await using DebianRegistry registry = await DebianRegistry.StartAsync(Stop);
        string tomcat = await image.PushToAsync(registry, "library/tomcat", "latest", Stop);
        using HttpClient client = Web.CreateClient(TimeSpan.FromSeconds(5));

        await ReceiveAsync(tomcat);
        long received = await BytesOnDiskAsync();
        await StartAsync(client, tomcat);
        await FixInsideAsync(client);
        await SaveAsync();
        await CompareImagesAsync(tomcat);
        await ServeBothAsync(client, tomcat);

        // A second copy of the base would be several times what the containers wrote.
        long added = await BytesOnDiskAsync() - received;
        Assert.True(added < received / 4, $"The commit and three containers added {added} bytes to {received}.");
        await ReadWithOtherToolsAsync();
    }

    private async Task ReceiveAsync(string tomcat)
    {
        SessionResult received = await RunAsync($"(Receive-LayerImage '{tomcat}').Tags");
        SessionResult layers = await RunAsync($"Get-LayerImage '{tomcat}' | Get-ImageLayer");

        Assert.Contains(received.Lines, tag => tag.EndsWith("library/tomcat:latest", StringComparison.Ordinal));
        Assert.Equal(6, layers.Output.Count);
    }

    private async Task StartAsync(HttpClient client, string tomcat)
    {
        SessionResult started = await RunAsync($"$c = Start-LayerContainer '{tomcat}' -Name mytomcat -Publish 8081:8080; $c.Name; $c.State");
        Assert.Equal(["mytomcat", "Running"], started.Lines);

        await Web.WaitForAsync(client, "http://127.0.0.1:8081/", HttpStatusCode.NotFound, s_patience, Stop);
        Assert.Equal(["mytomcat"], (await RunAsync("(Get-Container).Name")).Lines);
        Assert.Equal(["True"], (await RunAsync("Test-HostPort 8081")).Lines);
    }

    private async Task FixInsideAsync(HttpClient client)
    {
        SessionResult moved = await RunAsync("Invoke-ContainerCommand mytomcat 'mv webapps.dist/* webapps'; $LASTEXITCODE");
        Assert.Equal(["0"], moved.Lines);

        // Tomcat looks for new applications every ten seconds.
        string page = await Web.WaitForAsync(client, "http://127.0.0.1:8081/", HttpStatusCode.OK, s_patience, Stop);
        Assert.Contains("It works", page, StringComparison.Ordinal);
        SessionResult changes = await RunAsync("Get-ContainerChange mytomcat | ForEach-Object { \"$($_.Kind) $($_.Path)\" }");
        Assert.Contains("Added /usr/local/tomcat/webapps/ROOT/index.html", changes.Lines);
        Assert.Contains("Deleted /usr/local/tomcat/webapps.dist/ROOT", changes.Lines);
    }

    private async Task SaveAsync()
    {
        SessionResult saved = await RunAsync("(Get-Container mytomcat | Save-ContainerAsImage zyp/mytomcat:1.0.0 -Author zyp -Message 'direct use tomcat').Tags");

        Assert.Contains(saved.Lines, tag => tag.EndsWith("zyp/mytomcat:1.0.0", StringComparison.Ordinal));
        Assert.Equal(["Running"], (await RunAsync("[string](Get-Container mytomcat).State")).Lines);
    }

    private async Task CompareImagesAsync(string tomcat)
    {
        const string diffIds = "| Get-ImageLayer | ForEach-Object { [string]$_.DiffId }";
        IReadOnlyList<string> old = (await RunAsync($"Get-LayerImage '{tomcat}' {diffIds}")).Lines;
        IReadOnlyList<string> committed = (await RunAsync($"Get-LayerImage zyp/mytomcat:1.0.0 {diffIds}")).Lines;

        Assert.Equal(old, committed.Take(old.Count));
        Assert.Equal(old.Count + 1, committed.Count);
    }

    private async Task ServeBothAsync(HttpClient client, string tomcat)
    {
        await RunAsync("Start-LayerContainer zyp/mytomcat:1.0.0 -Name new -Publish 8082:8080");
        await RunAsync($"Start-LayerContainer '{tomcat}' -Name old -Publish 8083:8080");

        string page = await Web.WaitForAsync(client, "http://127.0.0.1:8082/", HttpStatusCode.OK, s_patience, Stop);
        await Web.WaitForAsync(client, "http://127.0.0.1:8083/", HttpStatusCode.NotFound, s_patience, Stop);
        Assert.Contains("It works", page, StringComparison.Ordinal);
        // Later than Tomcat's next look, still nothing there.
        await Task.Delay(TimeSpan.FromSeconds(11), Stop);
        await Web.WaitForAsync(client, "http://127.0.0.1:8083/", HttpStatusCode.NotFound, TimeSpan.FromSeconds(5), Stop);
    }

    private async Task ReadWithOtherToolsAsync()
    {
        string layout = Store["layout"];
        await RunAsync($"Export-LayerImage zyp/mytomcat:1.0.0 -Path '{layout}' -Format OciLayout");

        string config = await ToolAsync("skopeo", "inspect", "--config", $"oci:{layout}");
        Assert.Contains("\"author\": \"zyp\"", config, StringComparison.Ordinal);
        Assert.Contains("direct use tomcat", config, StringComparison.Ordinal);
        Assert.Contains("catalina.sh", config, StringComparison.Ordinal);

        string storage = Store["podman"];
        string[] podman = ["--root", storage, "--runroot", Store["podman-run"], "--storage-driver", "overlay", "--events-backend", "none", "--cgroup-manager", "cgroupfs"];
        Directory.CreateDirectory(storage);
        try
        {
            string id = (await ToolAsync("podman", [.. podman, "pull", "--quiet", "--signature-policy", Policy(), $"oci:{layout}"])).Trim();
            string mounted = (await ToolAsync("podman", [.. podman, "image", "mount", id])).Trim();
            Assert.Contains("It works", await File.ReadAllTextAsync(Path.Combine(mounted, "usr/local/tomcat/webapps/ROOT/index.html"), Stop), StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Combine(mounted, "usr/local/tomcat/webapps.dist/ROOT")));
        }
        finally
        {
            await ProcessRunner.RunAsync(["podman", .. podman, "image", "unmount", "--all"], null, CancellationToken.None);
            // podman leaves a bind mount of its storage until the next boot.
            await ProcessRunner.RunAsync(["umount", Path.Combine(storage, "overlay")], null, CancellationToken.None);
        }
    }

    private string Policy()
    {
        string path = Store["policy.json"];
        File.WriteAllText(path, """{"default":[{"type":"insecureAcceptAnything"}]}""");
        return path;
    }

    private async Task<long> BytesOnDiskAsync()
    {
        string line = await ToolAsync("du", "-s", "--block-size=1", "--one-file-system", Store.Options.Root);
        return long.Parse(line.Split('\t')[0], CultureInfo.InvariantCulture);
    }

    private static Task<string> ToolAsync(string program, params string[] arguments) => ForeignProgram.RunCheckedAsync([program, .. arguments], Stop);
}
