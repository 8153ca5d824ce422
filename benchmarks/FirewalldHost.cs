using System.Diagnostics;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Processes;
using LayerImage.Testing.Host;

namespace LayerImage.Benchmarks;

/// <summary>firewalld for a while, in the network namespace of the benchmarks.</summary>
internal sealed class FirewalldHost : IDisposable
{
    private readonly List<Process> _processes = [];

    /// <param name="folder">For its bus and its configuration.</param>
    public FirewalldHost(string folder)
    {
        Directory.CreateDirectory(folder);
        string socket = Path.Combine(folder, "bus");
        Environment.SetEnvironmentVariable(Firewalld.BusVariable, $"unix:path={socket}");
        Start(Firewalld.BusCommand(socket));
        Firewalld.Wait(() => File.Exists(socket));
        Start(Firewalld.Command(Path.Combine(folder, "firewall")));
        Firewalld.Wait(() => ProcessRunner.RunAsync(["firewall-cmd", "--state"], null, CancellationToken.None).GetAwaiter().GetResult().ExitCode == 0);
    }

    /// <summary>Null when the programs are there, else which one is not.</summary>
    public static string? Missing => ((string[])["firewalld", "firewall-cmd", "dbus-daemon"]).FirstOrDefault(program => ToolLocator.Find(program) is null) is { } missing ? $"{missing} is not installed" : null;

    /// <summary>Runs firewall-cmd.</summary>
    public static Task CommandAsync(string argument, CancellationToken cancellationToken) =>
        ProcessRunner.RunCheckedAsync(EngineError.FirewallFailed, ["firewall-cmd", argument], null, cancellationToken);

    /// <summary>Ends it with its rules.</summary>
    public void Dispose()
    {
        foreach (Process process in Enumerable.Reverse(_processes))
        {
            // By a signal that it heeds: then it takes its table away.
            using (Process kill = Process.Start("kill", ["-TERM", $"{process.Id}"]))
            {
                kill.WaitForExit();
            }
            process.WaitForExit();
            process.Dispose();
        }
        Environment.SetEnvironmentVariable(Firewalld.BusVariable, null);
    }

    private void Start(string[] command) => _processes.Add(Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!);
}
