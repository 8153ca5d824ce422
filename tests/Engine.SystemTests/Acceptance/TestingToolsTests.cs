using System.Net;
using System.Net.Sockets;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;

namespace LayerImage.Engine.SystemTests.Acceptance;

/// <summary>The tools that judge the engine must see what is there: a check that sees nothing passes always.</summary>
[Collection("Whole machine")]
public sealed class TestingToolsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TreeDigest_SeesEveryAttribute()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        using TempFolder folder = new();
        foreach (string name in new[] { "one", "two" })
        {
            await ShellAsync(folder.Root, $"mkdir {name}; cd {name}; for f in mode owner time text link; do echo a >$f; done; ln -s x sym; mknod dev c 1 3; ln link same; touch -d 2020-01-01 * -h");
        }
        TreeDigest one = TreeDigest.Of(folder["one"]);
        Assert.Empty(one.DifferencesTo(TreeDigest.Of(folder["two"]), nameof(TreeEntry.Time)));

        await ShellAsync(folder["two"], "chmod 4711 mode; chown 5:6 owner; touch -d '2021-01-01 0:0:0.000000001' time; echo b >text; rm same; cp link same; ln -sf y sym; rm dev; mknod dev c 1 5");

        string[] expected = ["dev: Device", "mode: Mode", "owner: Uid", "owner: Gid", "same: SameAs", "sym: Link", "text: Content", "time: Time"];
        IReadOnlyList<string> seen = one.DifferencesTo(TreeDigest.Of(folder["two"]));
        Assert.All(expected, start => Assert.Contains(seen, line => line.StartsWith(start, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task HostSnapshot_SeesAMountARuleALinkAndAProcess()
    {
        string? missing = Requires.All(Requires.PrivateNetwork, Requires.Tool("nft"), Requires.Tool("ip"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        using TempFolder folder = new();
        HostSnapshot before = await HostSnapshot.CaptureAsync(Stop);
        IReadOnlyList<string> seen;
        try
        {
            await ShellAsync(folder.Root, "mkdir m; mount -t tmpfs none m; nft add table inet seen; ip link add seen0 type bridge; cp \"$(command -v sleep)\" conmon; ./conmon 30 >/dev/null 2>&1 & echo $! >pid; sleep 0.2");
            seen = (await HostSnapshot.CaptureAsync(Stop)).DifferencesSince(before);
        }
        finally
        {
            await ShellAsync(folder.Root, "umount m; nft delete table inet seen; ip link delete seen0; kill \"$(cat pid)\"");
        }

        Assert.Contains(seen, line => line.StartsWith($"+ mount {folder["m"]} type tmpfs", StringComparison.Ordinal));
        Assert.Contains(seen, line => line.StartsWith("+ nft table inet seen", StringComparison.Ordinal));
        Assert.Contains(seen, line => line.Contains("seen0", StringComparison.Ordinal));
        Assert.Contains(seen, line => line.Contains("./conmon 30", StringComparison.Ordinal));
        await HostSnapshot.EnsureSameAsync(before, TimeSpan.FromSeconds(5), Stop);
    }

    [Fact]
    public async Task TempStore_ComplainsAboutALeftMount()
    {
        Assert.SkipWhen(Requires.Root is not null, Requires.Root ?? "");
        TempStore store = new();
        await ShellAsync("/", $"mkdir -p '{store.Options.Root}'; mount -t tmpfs none '{store.Options.Root}'");

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(store.Dispose);

        await ShellAsync("/", $"umount '{store.Options.Root}'");
        store.Dispose();
        Assert.Contains(store.Options.Root, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(store.Options.Root));
    }

    [Fact]
    public async Task PeerNamespace_ReachesTheHostOverTheWire()
    {
        string? missing = Requires.All(Requires.PrivateNetwork, Requires.Tool("ip"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using PeerNamespace peer = await PeerNamespace.CreateAsync(Stop);
        using TcpListener listener = new(IPAddress.Any, 0);
        listener.Start();
        Task<TcpClient> accepting = listener.AcceptTcpClientAsync(Stop).AsTask();

        using HttpClient client = peer.CreateHttpClient(TimeSpan.FromSeconds(5));
        Task<HttpResponseMessage> request = client.GetAsync($"http://{peer.HostAddress}:{((IPEndPoint)listener.LocalEndpoint).Port}/", Stop);
        if (await Task.WhenAny(accepting, request) == request)
        {
            await request;
        }
        using TcpClient accepted = await accepting;
        string? from = (accepted.Client.RemoteEndPoint as IPEndPoint)?.Address.ToString();
        await accepted.GetStream().WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Stop);
        using HttpResponseMessage response = await request;

        Assert.Equal(peer.PeerAddress, from);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains(peer.PeerAddressV6, (await peer.RunAsync(["ip", "-6", "address"], Stop)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BusyboxRootFs_ServesItsHomePageOnceItIsDeployed()
    {
        string? missing = Requires.All(Requires.Root, BusyboxRootFs.Missing);
        Assert.SkipWhen(missing is not null, missing ?? "");
        using TempFolder folder = new();
        string root = await BusyboxRootFs.CreateAsync(folder["root"], Stop);
        await ShellAsync(root, "mknod dev/null c 1 3");

        ProcessResult result = await ProcessRunner.RunAsync(["unshare", "--net", "--root", root, "/bin/sh", "-c",
            "ip link set lo up; start-www & wait=$!; sleep 0.3; wget -q -O - http://127.0.0.1:8080/; echo before=$?; mv /srv/www.dist/* /srv/www; wget -q -O - http://127.0.0.1:8080/; kill $wait"], null, Stop);

        Assert.Equal($"before=1\n{BusyboxRootFs.HomePage}", result.Output);
    }

    [Fact]
    public async Task DebianRegistry_TakesTheTomcatImage()
    {
        string? missing = Requires.All(DebianRegistry.Missing, TomcatImage.Missing);
        Assert.SkipWhen(missing is not null, missing ?? "");
        TomcatImage image = await TomcatImage.GetAsync(Stop);
        await using DebianRegistry registry = await DebianRegistry.StartAsync(Stop);

        string reference = await image.PushToAsync(registry, "library/tomcat", "latest", Stop);

        ProcessResult inspected = await ProcessRunner.RunAsync(
            [ToolLocator.Get("skopeo", "skopeo"), "inspect", "--tls-verify=false", "--config", $"docker://{reference}"], null, Stop);
        Assert.Contains("catalina.sh", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("8080/tcp", inspected.Output, StringComparison.Ordinal);
    }

    private static async Task ShellAsync(string folder, string script)
    {
        ProcessResult result = await ProcessRunner.RunAsync(["/bin/sh", "-ec", $"cd '{folder}'; {script}"], null, Stop);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
