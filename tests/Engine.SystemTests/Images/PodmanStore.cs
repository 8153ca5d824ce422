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

    /// <summary>Pulls an image from a registry on the loopback and runs a command in it; what that writes.</summary>
    public async Task<string> PullAndRunAsync(string reference, string command)
    {
        await RunAsync($"pull -q --tls-verify=false --signature-policy '{_folder["policy.json"]}' {reference}");
        return await RunImageAsync(reference, command);
    }

    /// <summary>
    /// Runs a command in an image. By runc where it is: Debian's crun refuses hosts whose cgroup hierarchies are of both
    /// versions. With the limits that the tests have: podman's own cannot be had where the tests are confined.
    /// </summary>
    public Task<string> RunImageAsync(string image, string command) =>
        RunAsync($"--runtime \"$(command -v runc || command -v crun)\" run --rm --network none --ulimit nofile=$(ulimit -Hn):$(ulimit -Hn) --ulimit nproc=1000:1000 {image} {command}");

    public void Dispose()
    {
        // podman leaves a bind mount of its storage until the next boot, and a process that cleans up after a container may
        // make it again.
        for (int attempt = 0; attempt < 20 && TempFolder.MountsBeneath(_folder.Root) is { Count: > 0 } mounts; attempt++)
        {
            foreach (string point in mounts.Reverse())
            {
                using System.Diagnostics.Process umount = System.Diagnostics.Process.Start("umount", ["--lazy", point]);
                umount.WaitForExit();
            }
            Thread.Sleep(100);
        }
        _folder.Dispose();
    }
}
