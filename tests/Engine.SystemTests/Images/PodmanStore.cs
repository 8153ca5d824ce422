using LayerImage.Testing.Host;

namespace LayerImage.Engine.SystemTests.Images;

/// <summary>podman with a storage of the test's own.</summary>
internal sealed class PodmanStore : IDisposable
{
    private readonly TempFolder _folder = new("podman-");

    public PodmanStore() => File.WriteAllText(_folder["policy.json"], """{"default":[{"type":"insecureAcceptAnything"}]}""");

    public Task<string> RunAsync(string arguments) => ImageHarness.ShellAsync(
        $"cd '{_folder.Root}'; podman --root '{_folder["root"]}' --runroot '{_folder["run"]}' --tmpdir '{_folder["tmp"]}' --storage-driver overlay --events-backend none --cgroup-manager cgroupfs {arguments}");

    /// <summary>Loads an archive; all that podman says.</summary>
    public Task<string> LoadAsync(string path) => RunAsync($"load --signature-policy '{_folder["policy.json"]}' -i '{path}'");

    public void Dispose()
    {
        // podman leaves a bind mount of its storage until the next boot.
        foreach (string point in TempFolder.MountsBeneath(_folder.Root).Reverse())
        {
            System.Diagnostics.Process.Start("umount", ["--lazy", point]).WaitForExit();
        }
        _folder.Dispose();
    }
}
