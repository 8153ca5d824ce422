using System.Diagnostics;
using LayerImage.Engine.Processes;

namespace LayerImage.Benchmarks;

/// <summary>docker, with a daemon of its own in this network namespace.</summary>
internal sealed class DockerContender : CommandContender
{
    private Process? _daemon;

    public DockerContender(string folder, string boxTar)
        : base(folder, boxTar)
    {
        Directory.CreateDirectory(Path.Combine(folder, "config"));
        File.WriteAllText(Path.Combine(folder, "daemon.json"), "{}");
    }

    /// <summary>Null when it takes part, else the reason why not.</summary>
    public static string? Missing => ToolLocator.Find("dockerd") is null ? "docker is not installed" : null;

    public override string Name => "docker";

    protected override IReadOnlyList<string> Command =>
        [ToolLocator.Get("docker", "docker.io"), "--config", Path.Combine(Folder, "config"), "--host", $"unix://{Folder}/docker.sock"];

    public override async Task ClearAsync()
    {
        string[] containers = _daemon is null ? [] : (await RunAsync(["ps", "-aq"], CancellationToken.None)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (containers.Length > 0)
        {
            await RunAsync(["rm", "-f", .. containers], CancellationToken.None);
        }
    }

    // Removing images would leave the file system busy for minutes: a daemon over a new folder instead.
    public override async Task UseEmptyStoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            await base.UseEmptyStoreAsync(cancellationToken);
        }
        finally
        {
            await StopAsync();
        }
        _daemon = Process.Start(new ProcessStartInfo("sh",
        [
            "-c", "log=$1; shift; exec dockerd \"$@\" >\"$log\" 2>&1", "sh", Path.Combine(Folder, "log"),
            "--config-file", Path.Combine(Folder, "daemon.json"), "--data-root", Store, "--exec-root", $"{Store}-exec",
            "--pidfile", $"{Store}.pid", "--host", $"unix://{Folder}/docker.sock", "--storage-driver", "overlay2",
        ]))!;
        for (int attempt = 0; (await ProcessRunner.RunAsync([.. Command, "info"], null, cancellationToken)).ExitCode != 0; attempt++)
        {
            if (attempt == 100 || _daemon.HasExited)
            {
                throw new InvalidOperationException($"dockerd does not answer: {File.ReadLines(Path.Combine(Folder, "log")).LastOrDefault()}");
            }
            await Task.Delay(100, cancellationToken);
        }
    }

    public override Task PullAsync(string reference, CancellationToken cancellationToken) => RunAsync(["pull", "--quiet", reference], cancellationToken);

    public override async Task PushAsync(string reference, string destination, CancellationToken cancellationToken)
    {
        await RunAsync(["tag", reference, destination], cancellationToken);
        await RunAsync(["push", "--quiet", destination], cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await ClearAsync();
        }
        finally
        {
            await StopAsync();
        }
    }

    private async Task StopAsync()
    {
        if (_daemon is null)
        {
            return;
        }
        // SIGTERM, so that it takes its containerd with it.
        await ProcessRunner.RunAsync(["kill", _daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], null, CancellationToken.None);
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
        _daemon = null;
    }
}
