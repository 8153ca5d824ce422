using LayerImage.Engine.Commit;
using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Engine.SystemTests.Containers;
using LayerImage.Engine.SystemTests.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Commit;

/// <summary>
/// The same container, changed and committed in the same way by docker, by podman and here. All differences are
/// intended and listed in docs/design/commit.md.
/// </summary>
[Collection("Containers")]
public sealed class CommitLikeOthersTests(DockerDaemon docker) : IClassFixture<DockerDaemon>, IAsyncLifetime
{
    private const string Script = "echo changed >file; rm -r gone; chmod 4755 mode; chown 12:34 owner; mkdir -p new/sub; echo x >new/sub/x; ln new/sub/x hard; ln -s file sym; rm -r swap; mkdir swap; echo y >swap/new";

    private static readonly string[] s_changes =
    [
        """CMD ["httpd", "-f"]""",
        "ENTRYPOINT /bin/sh -c",
        "CMD echo $HOME",
        "ENV A=\"b c\" PATH=/opt:$PATH E='$A' F=g\\ h",
        "ENV old the $A value",
        "EXPOSE 53/udp",
        "EXPOSE 8080",
        "HEALTHCHECK --interval=90s --retries=2 CMD wget -q localhost",
        "LABEL x=y \"with space\"=\"${A}\" k2=${NONE:-none}",
        "ONBUILD RUN make",
        "STOPSIGNAL SIGQUIT",
        "USER daemon:1",
        "VOLUME [\"/data\"]",
        "VOLUME /log /cache",
        "WORKDIR sub/dir",
    ];

    private readonly TempFolder _folder = new("commit-like-");
    private ContainerHarness? _harness;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(ContainerHarness.Missing is not null, ContainerHarness.Missing ?? "");
        _harness = await ContainerHarness.CreateAsync();
        string root = await BusyboxRootFs.CreateAsync(_folder["root"], ImageHarness.Stop);
        await ImageHarness.ShellAsync($"cd '{root}'; mkdir -p gone swap srv dev proc sys run etc tmp; touch etc/hosts etc/hostname etc/resolv.conf; echo old >file; echo g >gone/in; touch mode owner; echo s >swap/old");
        Image image = await ImportAsync(root);
        await ExportAsync(image, "base.tar");
    }

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
        {
            await _harness.DisposeAsync();
        }
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Docker_CommitsTheSame(bool changes)
    {
        Assert.SkipWhen(docker.Missing is not null, docker.Missing ?? "");
        CommittedView ours = await CommitOursAsync(changes);
        await docker.RunAsync($"load -i '{_folder["base.tar"]}'");
        string name = changes ? "changed" : "plain";
        await docker.RunAsync($"run --network none --name {name} {RunArguments} team/base:1 -c 'cd /; {Script}'");
        await docker.RunAsync($"commit -a zyp -m 'say \"hi\"' {ChangeArguments(changes)} {name} team/out:{name}");
        await docker.RunAsync($"save -o '{_folder["docker.tar"]}' team/out:{name}");

        CommittedView theirs = await CommittedView.ReadAsync(_folder["docker.tar"]);

        // Debian's docker has no STOPSIGNAL among its changes yet.
        _ = changes && theirs.Config.Remove("StopSignal") && ours.Config.Remove("StopSignal");
        Assert.Equal(theirs.Config, ours.Config);
        Assert.Equal(theirs.History, ours.History);
        Assert.Equal(theirs.LayerCount, ours.LayerCount);
        // docker makes the image's volumes at each run, and their places with them.
        Assert.Equal(theirs.Entries.Where(entry => !entry.EndsWith(" vol/", StringComparison.Ordinal)), ours.Entries);
    }

    // Podman 4.3 has another syntax of changes: it neither expands variables nor takes quotes off nor several pairs.
    [Fact]
    public async Task Podman_CommitsTheSame()
    {
        Assert.SkipWhen(Requires.Tool("podman") is not null, Requires.Tool("podman") ?? "");
        CommittedView ours = await CommitOursAsync(changes: false);
        using PodmanStore podman = new();
        await podman.LoadAsync(_folder["base.tar"]);
        await podman.RunAsync($"create --network none --name c {RunArguments} team/base:1 -c 'cd /; {Script}'");
        // A container that ran leaves a process that cleans up after it, and mounts again what the store's end took away.
        await ImageHarness.ShellAsync($"umask 022; cd '{await podman.RunAsync("mount c")}'; {Script}");
        await podman.RunAsync("unmount c");
        await podman.RunAsync("commit -f docker -a zyp -m 'say \"hi\"' c team/out:1");
        await podman.RunAsync($"save -o '{_folder["podman.tar"]}' team/out:1");

        CommittedView theirs = await CommittedView.ReadAsync(_folder["podman.tar"]);

        // Podman keeps its process's own variables (before 5 TERM as well), and forgets -StopSignal.
        Assert.Equal("""["C=d","HOME=/root","PATH=/bin","container=podman"]""", theirs.Config["Env"].Replace("\"TERM=xterm\",", "", StringComparison.Ordinal));
        Assert.Equal(("\"SIGINT\"", "\"SIGUSR1\""), (theirs.Config["StopSignal"], ours.Config["StopSignal"]));
        Assert.Equal(theirs.Config.Where(IsComparable), ours.Config.Where(IsComparable));
        Assert.Equal(theirs.Entries, ours.Entries);
        Assert.Equal(theirs.LayerCount, ours.LayerCount);
        // In history podman has the entry point alone, and where the image came from in the message's place.
        Assert.Equal(("\"zyp\"", "\"/bin/sh\"", "\"FROM localhost/team/base:1\""), (theirs.History["author"], theirs.History["created_by"], theirs.History["comment"]));
        Assert.Equal(("\"zyp\"", $"\"-c cd /; {Script}\"", "\"say \"hi\"\""), (ours.History["author"], ours.History["created_by"], ours.History["comment"]));

        static bool IsComparable(KeyValuePair<string, string> member) => member.Key is not ("Env" or "StopSignal");
    }

    private static string RunArguments => "-e C=d -l own=1 -u 0:0 -w /srv --stop-signal SIGUSR1";

    private static string ChangeArguments(bool changes) => changes ? string.Join(' ', s_changes.Where(change => !change.StartsWith("STOPSIGNAL", StringComparison.Ordinal)).Select(change => $"-c '{change.Replace("'", "'\\''", StringComparison.Ordinal)}'")) : "";

    private async Task<CommittedView> CommitOursAsync(bool changes)
    {
        Container container = await _harness!.Containers.RunAsync(new ContainerRequest
        {
            Image = "team/base:1",
            Network = NetworkMode.None,
            Command = ["-c", "cd /; " + Script],
            Environment = ["C=d"],
            Labels = new Dictionary<string, string> { ["own"] = "1" },
            User = "0:0",
            WorkingDirectory = "/srv",
            StopSignal = "SIGUSR1",
        }, null, SilentObserver.Instance, ImageHarness.Stop);
        await _harness.Containers.Waits.ForStopAsync(container.Id, TimeSpan.FromSeconds(30), ImageHarness.Stop);
        CommitOptions options = new() { Reference = "team/out:1", Author = "zyp", Message = "say \"hi\"", Changes = changes ? s_changes : [] };
        Image image = await _harness.Engine.Commits.CommitAsync(container.Id, options, SilentObserver.Instance, ImageHarness.Stop);
        return await CommittedView.ReadAsync(await ExportAsync(image, "ours.tar"));
    }

    private async Task<Image> ImportAsync(string root)
    {
        ImportOptions options = new()
        {
            Reference = "team/base:1",
            Changes = ["""ENTRYPOINT ["/bin/sh"]""", """CMD ["-c", "true"]""", "ENV PATH=/bin HOME=/root", "EXPOSE 80", "LABEL k=v", "USER 5", "WORKDIR /srv", "STOPSIGNAL SIGINT", "HEALTHCHECK CMD true", "VOLUME /vol"],
        };
        await foreach (Image image in _harness!.Engine.Images.ImportAsync(root, options, SilentObserver.Instance, ImageHarness.Stop))
        {
            return image;
        }
        throw new InvalidOperationException();
    }

    private async Task<string> ExportAsync(Image image, string name) => (await _harness!.Engine.Images.ExportAsync(
        [new ImageToExport(image, [image.Reference])], _folder[name], new ExportOptions { Format = ImageExportFormat.DockerArchive }, SilentObserver.Instance, ImageHarness.Stop)).FullName;
}
