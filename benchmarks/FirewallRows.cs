using System.Globalization;
using LayerImage.Testing.Host;

namespace LayerImage.Benchmarks;

/// <summary>Ports of the host: through firewalld beside its own tool, and by the module's own firewall.</summary>
internal sealed class FirewallRows(IReadOnlyList<IContender> contenders, Measurements measurements, BenchmarkOptions options, TempFolder folder)
{
    private const string Tool = "firewall-cmd", Open = "open a port", List = "list a zone's ports", ListAll = "list all zones' ports", Close = "close a port", OpenForGood = "open a port, now and for good";
    private const int FirstPort = 20_000, Many = 10_000;

    private static string[] Through => [.. ((string[])[Open, List, ListAll, Close]).Select(row => $"firewalld: {row}")];

    private static string[] Own => [.. ((string[])[Open, ListAll, Close, OpenForGood]).Select(row => $"own firewall: {row}")];

    private static string OwnMany => $"own firewall: list {Many.ToString("N0", CultureInfo.InvariantCulture)} rules";

    private LayerImageContender Session => contenders.OfType<LayerImageContender>().Single();

    /// <summary>All rows.</summary>
    public IEnumerable<Work> All() => [new(Through, ThroughFirewalldAsync), new(Own, OwnAsync), new([OwnMany], ManyAsync)];

    private async Task ThroughFirewalldAsync(Turns turns, CancellationToken cancellationToken)
    {
        if (FirewalldHost.Missing is { } missing)
        {
            measurements.Leave(Through, missing);
            return;
        }
        using FirewalldHost host = new(folder["firewalld"]);
        for (int round = 0; round <= options.Rounds(10); round++)
        {
            bool isCounted = round > 0;
            int port = FirstPort + (2 * round);
            await OurTurnAsync(turns, Through, isCounted, [$"Set-HostPortRule {port} -Scope Runtime", "Get-HostPortRule -Zone public", "Get-HostPortRule", $"Remove-HostPortRule {port} -Scope Runtime"], cancellationToken);
            await turns.TryAsync(Tool, async () =>
            {
                foreach ((string row, string argument) in Through.Zip([$"--add-port={port}/tcp", "--list-ports", "--list-all-zones", $"--remove-port={port}/tcp"]))
                {
                    await measurements.TimeAsync(row, Tool, () => FirewalldHost.CommandAsync(argument, cancellationToken), isCounted, movesData: false);
                }
            }, cancellationToken);
        }
    }

    private async Task OwnAsync(Turns turns, CancellationToken cancellationToken)
    {
        if (Obstacle() is { } obstacle)
        {
            measurements.Leave(Own, obstacle);
            return;
        }
        await Session.RunAsync("Start-HostFirewall");
        try
        {
            for (int round = 0; round <= options.Rounds(15); round++)
            {
                int port = FirstPort + (4 * round);
                await OurTurnAsync(turns, Own, round > 0,
                    [$"Set-HostPortRule {port} -Scope Runtime", "Get-HostPortRule", $"Remove-HostPortRule {port} -Scope Runtime", $"Set-HostPortRule {port + 2}"], cancellationToken);
            }
        }
        finally
        {
            await Session.RunAsync("Get-HostPortRule | Remove-HostPortRule; Stop-HostFirewall");
        }
    }

    private async Task ManyAsync(Turns turns, CancellationToken cancellationToken)
    {
        if (Obstacle() is { } obstacle)
        {
            measurements.Leave([OwnMany], obstacle);
            return;
        }
        string zone = Path.Combine(Environment.GetEnvironmentVariable("LAYERIMAGE_CONFIG")!, "firewall", "zones", "public.xml");
        Directory.CreateDirectory(Path.GetDirectoryName(zone)!);
        await File.WriteAllTextAsync(zone, $"<zone>{string.Concat(Enumerable.Range(1, Many).Select(i => $"<port port=\"{1000 + (5 * i)}\" protocol=\"tcp\"/>"))}</zone>", cancellationToken);
        await Session.RunAsync("Start-HostFirewall");
        try
        {
            for (int round = 0; round <= options.Rounds(10); round++)
            {
                await OurTurnAsync(turns, [OwnMany], round > 0, ["Get-HostPortRule"], cancellationToken);
            }
        }
        finally
        {
            await Session.RunAsync("Stop-HostFirewall");
            File.Delete(zone);
        }
    }

    private Task OurTurnAsync(Turns turns, string[] rows, bool isCounted, string[] lines, CancellationToken cancellationToken) => turns.TryAsync(Session.Name, async () =>
    {
        foreach ((string row, string line) in rows.Zip(lines))
        {
            await measurements.TimeAsync(row, Session.Name, () => Session.RunAsync(line), isCounted, movesData: false);
        }
    }, cancellationToken);

    // Start-HostFirewall would start this machine's own.
    private static string? Obstacle() => Directory.Exists("/run/systemd/system") && FirewalldHost.Missing is null ? "firewalld is this machine's firewall" : null;
}
