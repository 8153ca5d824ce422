using LayerImage.Engine.Errors;
using LayerImage.Engine.Images;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using LayerImage.Testing.Images;
using LayerImage.Testing.Registry;
using Xunit;
using LayerCompression = LayerImage.Engine.Layers.LayerCompression;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>What is sent to a real registry is pulled and run by engines that are not ours.</summary>
public sealed class SendToOthersTests : IAsyncLifetime
{
    private readonly ImageHarness _harness = new();
    private DebianRegistry _registry = null!;

    public async ValueTask InitializeAsync()
    {
        string? missing = Requires.All(Requires.PrivateNetwork, DebianRegistry.Missing, Requires.Tool("skopeo"));
        Assert.SkipWhen(missing is not null, missing ?? "");
        _registry = await DebianRegistry.StartAsync(ImageHarness.Stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }
        await _harness.DisposeAsync();
    }

    [Theory]
    [InlineData(ImageFormat.Oci)]
    [InlineData(ImageFormat.Docker)]
    public async Task Received_HasTheSameDigestThere(ImageFormat format)
    {
        byte[] noise = new byte[5_000_000];
        new Random(3).NextBytes(noise);
        BuiltImage built = new ImageBuilder().WithFormat(format).WithLayer(layer => layer.File("noise", noise)).WithLayer(layer => layer.File("b", "b")).Build();
        Image image = await _harness.ReceiveAsync(built.PushTo(_harness.Registry, "from/here"));

        await SendAsync(image, new SendOptions(), $"{_registry.Host}/to/there:1", $"{_registry.Host}/to/there:2", $"{_registry.Host}/mounted:1");

        foreach (string name in (string[])["to/there:1", "to/there:2", "mounted:1"])
        {
            Assert.Equal(built.Digest, "sha256:" + (await ImageHarness.ShellAsync($"skopeo inspect --tls-verify=false --raw docker://{_registry.Host}/{name} | sha256sum"))[..64]);
        }
        await ImageHarness.ShellAsync($"skopeo --insecure-policy copy -q --src-tls-verify=false docker://{_registry.Host}/to/there:1 dir:'{_harness.Store["dir"]}'");
        Assert.Equal(built.Layers[0].Blob, await File.ReadAllBytesAsync(_harness.Store["dir/" + built.Layers[0].Digest[7..]], ImageHarness.Stop));
    }

    [Fact]
    public async Task SecondRepository_IsMountedByTheRealRegistry()
    {
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("a")).Build().PushTo(_harness.Registry, "from/here"));

        IReadOnlyList<SentImage> sent = await SendAsync(image, new SendOptions(), $"{_registry.Host}/one:1", $"{_registry.Host}/two:1");

        Assert.Equal([SentOutcome.Pushed, SentOutcome.Mounted], sent.Select(result => result.Layers[0].Outcome));
    }

    // docker-registry does not go on with a body that broke in its middle: it wants the blob anew, and says so.
    [Fact]
    public async Task Cancelled_IsSentByTheNextCall()
    {
        byte[] noise = new byte[60_000_000];
        new Random(3).NextBytes(noise);
        Image image = await _harness.ReceiveAsync(new ImageBuilder().WithLayer(layer => layer.File("noise", noise)).Build().PushTo(_harness.Registry, "from/here"));
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await _harness.Engine.Images.SendAsync(image, [$"{_registry.Host}/a:1"], new SendOptions(), new Canceller(stop), stop.Token).ToListAsync(ImageHarness.Stop));

        SentImage sent = Assert.Single(await SendAsync(image, new SendOptions(), $"{_registry.Host}/a:1"));

        Assert.Equal(SentOutcome.Pushed, sent.Layers[0].Outcome);
        Assert.Empty(_harness.Partials());
    }

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    [InlineData(LayerCompression.Zstd)]
    public async Task Imported_IsRunByPodman(LayerCompression compression)
    {
        string? missing = Requires.All(Requires.Root, Requires.Tool("podman"), BusyboxRootFs.Missing);
        Assert.SkipWhen(missing is not null, missing ?? "");
        await SendBoxAsync(compression);
        using PodmanStore podman = new();

        string output = await podman.PullAndRunAsync($"{_registry.Host}/box:1", "sh -c 'cat /srv/www.dist/index.html; stat -c %a /tmp'");

        Assert.Equal(BusyboxRootFs.HomePage + "1777", output);
    }

    [Fact]
    public async Task Imported_IsRunByDocker()
    {
        string? missing = Requires.All(Requires.Tool("dockerd"), Requires.Tool("docker"), BusyboxRootFs.Missing);
        Assert.SkipWhen(missing is not null, missing ?? "");
        await SendBoxAsync(LayerCompression.Gzip);

        string output = await ImageHarness.ShellAsync($$"""
            mkdir -p '{{_harness.Store["docker"]}}'; cd '{{_harness.Store["docker"]}}'
            printf '{}' >daemon.json
            dockerd --config-file daemon.json --data-root "$PWD/data" --exec-root "$PWD/exec" --pidfile "$PWD/pid" --host "unix://$PWD/s" --storage-driver overlay2 --iptables=false --bridge=none >log 2>&1 &
            daemon=$!
            trap 'kill $daemon; wait $daemon || true' EXIT
            alias docker='command docker --config "$PWD/config" --host "unix://$PWD/s"'
            n=0; until docker info >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 100 ] || { tail -3 log >&2; exit 1; }; sleep 0.1; done
            docker pull -q {{_registry.Host}}/box:1 >/dev/null
            docker run --rm --network none {{_registry.Host}}/box:1 cat /srv/www.dist/index.html
            """);

        Assert.Equal(BusyboxRootFs.HomePage.TrimEnd('\n'), output);
    }

    private async Task SendBoxAsync(LayerCompression compression)
    {
        string root = await BusyboxRootFs.CreateAsync(_harness.Store["box"], ImageHarness.Stop);
        Image image = await _harness.Engine.Images.ImportAsync(root, "box", null, ImageHarness.Stop);
        await SendAsync(image, new SendOptions { Compression = compression }, $"{_registry.Host}/box:1");
    }

    private async Task<IReadOnlyList<SentImage>> SendAsync(Image image, SendOptions options, params string[] destinations) =>
        await _harness.Engine.Images.SendAsync(image, destinations, options, SilentObserver.Instance, ImageHarness.Stop).ToListAsync(ImageHarness.Stop);

    private sealed class Canceller(CancellationTokenSource stop) : IEngineObserver
    {
        public void Verbose(string message)
        {
        }

        public void Warning(string message)
        {
        }

        public void Progress(TransferProgress progress)
        {
            if (progress.BytesDone > 10_000_000)
            {
                stop.Cancel();
            }
        }
    }
}
