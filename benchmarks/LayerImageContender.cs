using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace LayerImage.Benchmarks;

/// <summary>The built module in one long-lived PowerShell session, as a user has it.</summary>
/// <param name="repository">The checkout.</param>
/// <param name="folder">For its stores.</param>
/// <param name="boxFolder">The root file system of the image "box".</param>
internal sealed class LayerImageContender(string repository, string folder, string boxFolder) : IContender
{
    private Runspace? _runspace;
    private int _stores;

    public string Name => "LayerImage";

    /// <summary>Null when it takes part, else the reason why not.</summary>
    public string? Missing => File.Exists(Manifest) ? null : $"{Manifest} is not built";

    private string Manifest => Path.Combine(repository, "out", "LayerImage", "LayerImage.psd1");

    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        _runspace.Open();
        await RunAsync($"Import-Module '{Manifest}'");
        await UseBoxAsync(cancellationToken);
    }

    public async Task UseBoxAsync(CancellationToken cancellationToken)
    {
        await UseEmptyStoreAsync(cancellationToken);
        await RunAsync($"Import-LayerImage -Path '{boxFolder}' -Reference box");
    }

    public Task StartAsync(string container, int? port, CancellationToken cancellationToken) => RunAsync(StartCommand(container, port));

    public Task ExecAsync(string container, string[] command, CancellationToken cancellationToken) =>
        RunAsync($"Invoke-ContainerCommand {container} {string.Join(',', command.Select(word => $"'{word}'"))}");

    public Task StopAsync(string container, CancellationToken cancellationToken) => RunAsync($"Stop-LayerContainer {container} -Timeout 0");

    public Task RemoveAsync(string container, CancellationToken cancellationToken) => RunAsync($"Remove-LayerContainer {container} -Force");

    public Task ListAsync(CancellationToken cancellationToken) => RunAsync("Get-Container");

    public Task CommitAsync(string container, string image, CancellationToken cancellationToken) =>
        RunAsync($"Get-Container {container} | Save-ContainerAsImage {image}");

    public Task ClearAsync() => RunAsync("Get-Container | Remove-LayerContainer -Force; Get-LayerImageMount | Dismount-LayerImage -Force -Discard");

    public async Task UseEmptyStoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_stores > 0)
            {
                await ClearAsync();
            }
        }
        finally
        {
            _stores++;
            Environment.SetEnvironmentVariable("LAYERIMAGE_ROOT", Path.Combine(folder, $"root{_stores}"));
            Environment.SetEnvironmentVariable("LAYERIMAGE_RUN", Path.Combine(folder, $"run{_stores}"));
            Environment.SetEnvironmentVariable("LAYERIMAGE_CONFIG", Path.Combine(folder, "config"));
        }
    }

    public Task PullAsync(string reference, CancellationToken cancellationToken) => RunAsync($"Receive-LayerImage '{reference}'");

    public Task PushAsync(string reference, string destination, CancellationToken cancellationToken) => RunAsync($"Send-LayerImage '{reference}' '{destination}'");

    public Task SaveAsync(string image, string path, CancellationToken cancellationToken) => RunAsync($"Export-LayerImage '{image}' '{path}' -Format DockerArchive");

    public Task SaveOciAsync(string image, string path, CancellationToken cancellationToken) => RunAsync($"Export-LayerImage '{image}' '{path}' -Format OciArchive");

    public Task LoadAsync(string path, CancellationToken cancellationToken) => RunAsync($"Import-LayerImage '{path}'");

    public async ValueTask DisposeAsync()
    {
        if (_runspace is not null)
        {
            using (_runspace)
            {
                await ClearAsync();
            }
        }
    }

    /// <summary>The line that starts a container.</summary>
    internal static string StartCommand(string container, int? port) =>
        $"Start-LayerContainer box -Name {container} -Command sleep,'3600'{(port is null ? "" : $" -Publish {port}:8080")}";

    /// <summary>Runs a script in the session.</summary>
    internal Task RunAsync(string script)
    {
        using PowerShell shell = PowerShell.Create(_runspace);
        shell.AddScript(script).Invoke();
        return shell.Streams.Error is [ErrorRecord error, ..]
            ? throw new InvalidOperationException($"{script}: {error}", error.Exception)
            : Task.CompletedTask;
    }
}
