using System.Diagnostics;
using LayerImage.Engine.Processes;
using LayerImage.Testing;
using LayerImage.Testing.Host;
using Xunit;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>A docker daemon with a store of its own, in the tests' network namespace and without a network. One for a class of tests.</summary>
public sealed class DockerDaemon : IAsyncLifetime
{
    private readonly TempFolder _folder = new("dockerd-");
    private Process? _daemon;

    /// <summary>Null when it runs, else the reason why not.</summary>
    public string? Missing { get; private set; } = Requires.All(Requires.PrivateNetwork, Requires.Tool("dockerd"), Requires.Tool("docker"));

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
        {
            return;
        }
        Directory.CreateDirectory(_folder["config"]);
        await File.WriteAllTextAsync(_folder["daemon.json"], "{}");
        _daemon = Process.Start(new ProcessStartInfo("sh",
        [
            "-c", "log=$1; shift; exec dockerd \"$@\" >\"$log\" 2>&1", "sh", _folder["log"], "--config-file", _folder["daemon.json"], "--data-root", _folder["data"],
            "--exec-root", _folder["exec"], "--pidfile", _folder["pid"], "--host", $"unix://{_folder["docker.sock"]}", "--storage-driver", "overlay2", "--iptables=false", "--bridge=none",
        ]))!;
        for (int attempt = 0; (await ProcessRunner.RunAsync(["docker", "--host", $"unix://{_folder["docker.sock"]}", "info"], null, CancellationToken.None)).ExitCode != 0; attempt++)
        {
            if (attempt == 100 || _daemon.HasExited)
            {
                Missing = $"dockerd does not answer: {File.ReadLines(_folder["log"]).LastOrDefault()}";
                return;
            }
            await Task.Delay(200);
        }
    }

    public Task<string> RunAsync(string arguments) => ImageHarness.ShellAsync($"docker --config '{_folder["config"]}' --host 'unix://{_folder["docker.sock"]}' {arguments}");

    public async ValueTask DisposeAsync()
    {
        if (_daemon is not null)
        {
            if (!_daemon.HasExited)
            {
                // SIGTERM, so that it takes its containerd with it.
                await ProcessRunner.RunAsync(["kill", _daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], null, CancellationToken.None);
                await _daemon.WaitForExitAsync();
            }
            _daemon.Dispose();
        }
        foreach (string point in TempFolder.MountsBeneath(_folder.Root).Reverse())
        {
            await ProcessRunner.RunAsync(["umount", "--lazy", point], null, CancellationToken.None);
        }
        _folder.Dispose();
    }
}
