using System.Diagnostics;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;

namespace LayerImage.Testing.Host;

/// <summary>
/// Another machine, as far as the network can tell: a network namespace joined by a veth pair to the one the tests run
/// in, which must be their own (<see cref="Requires.PrivateNetwork"/>). Held by a process, gone with it.
/// </summary>
public sealed class PeerNamespace : IAsyncDisposable
{
    private static int s_count;
    private readonly Process _holder;
    private readonly string _link;

    private PeerNamespace(Process holder, string link, int number)
    {
        _holder = holder;
        _link = link;
        (HostAddress, PeerAddress) = ($"198.51.100.{(4 * number) + 1}", $"198.51.100.{(4 * number) + 2}");
        (HostAddressV6, PeerAddressV6) = ($"fd00:c633:{number:x}::1", $"fd00:c633:{number:x}::2");
    }

    /// <summary>The tests' side, as the peer reaches it.</summary>
    public string HostAddress { get; }

    /// <summary>The peer's side.</summary>
    public string PeerAddress { get; }

    /// <summary>The tests' side in IPv6.</summary>
    public string HostAddressV6 { get; }

    /// <summary>The peer's side in IPv6.</summary>
    public string PeerAddressV6 { get; }

    /// <summary>The namespace, as nsenter --net= takes it.</summary>
    public string Path => $"/proc/{_holder.Id}/ns/net";

    /// <summary>Makes the namespace and the link, with addresses of RFC 5737 and RFC 4193.</summary>
    public static async Task<PeerNamespace> CreateAsync(CancellationToken cancellationToken)
    {
        // At most 62 at a time: four addresses each.
        int number = 1 + ((Interlocked.Increment(ref s_count) + Environment.ProcessId) % 62);
        ProcessStartInfo start = new("unshare", ["--net", "sleep", "infinity"]) { RedirectStandardInput = true };
        PeerNamespace peer = new(Process.Start(start)!, $"peer{number}", number);
        try
        {
            await peer.ConnectAsync(cancellationToken);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a program in the peer's network.</summary>
    public Task<ProcessResult> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        ProcessRunner.RunAsync(["nsenter", $"--net={Path}", .. arguments], null, cancellationToken);

    /// <summary>An HTTP client on the peer.</summary>
    public HttpClient CreateHttpClient(TimeSpan? timeout = null) => NetworkNamespace.CreateHttpClient(Path, timeout ?? TimeSpan.FromSeconds(3));

    /// <summary>Ends the holder; the kernel removes namespace and link with it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (ToolLocator.Find("ip") is { } ip)
        {
            await ProcessRunner.RunAsync([ip, "link", "delete", _link], null, CancellationToken.None);
        }
        _holder.Kill();
        await _holder.WaitForExitAsync();
        _holder.Dispose();
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        string? ours = new FileInfo("/proc/self/ns/net").LinkTarget;
        while (new FileInfo(Path).LinkTarget == ours)
        {
            await Task.Delay(5, cancellationToken);
        }
        string ip = ToolLocator.Get("ip", "iproute2");
        await CheckedAsync([ip, "-batch", "-"], $"""
            link add {_link} type veth peer name eth0 netns {_holder.Id}
            address add {HostAddress}/30 dev {_link}
            address add {HostAddressV6}/64 dev {_link} nodad
            link set {_link} up
            link set lo up

            """, cancellationToken);
        await CheckedAsync(["nsenter", $"--net={Path}", ip, "-batch", "-"], $"""
            address add {PeerAddress}/30 dev eth0
            address add {PeerAddressV6}/64 dev eth0 nodad
            link set eth0 up
            link set lo up
            route add default via {HostAddress}
            route add ::/0 via {HostAddressV6}

            """, cancellationToken);
    }

    private static Task CheckedAsync(IReadOnlyList<string> arguments, string input, CancellationToken cancellationToken) =>
        ProcessRunner.RunCheckedAsync(EngineError.NetworkFailed, arguments, input, cancellationToken);
}
