using LayerImage.Engine.Processes;

namespace LayerImage.Benchmarks;

/// <summary>podman, with settings and storage of its own.</summary>
internal sealed class PodmanContender : CommandContender
{
    public PodmanContender(string folder, string boxTar)
        : base(folder, boxTar)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "policy.json"), """{"default":[{"type":"insecureAcceptAnything"}]}""");
        File.WriteAllText(Path.Combine(folder, "registries.conf"), "unqualified-search-registries = []\n");
        File.WriteAllText(Path.Combine(folder, "storage.conf"), $"[storage]\ndriver = \"overlay\"\nrunroot = \"{folder}/run\"\ngraphroot = \"{folder}/graph\"\n");
        File.WriteAllText(Path.Combine(folder, "containers.conf"), $"""
            [containers]
            default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            runtime = "bench"
            [engine.runtimes]
            bench = ["{Runtime(folder)}"]
            [network]
            network_config_dir = "{folder}/networks"
            """);
    }

    /// <summary>Null when it takes part, else the reason why not.</summary>
    public static string? Missing => ToolLocator.Find("podman") is null ? "podman is not installed"
        : ToolLocator.Find("crun") is null ? "crun is not installed" : null;

    public override string Name => "podman";

    protected override IReadOnlyList<string> Command =>
    [
        "env", $"CONTAINERS_CONF={Folder}/containers.conf", $"CONTAINERS_STORAGE_CONF={Folder}/storage.conf",
        $"CONTAINERS_REGISTRIES_CONF={Folder}/registries.conf",
        ToolLocator.Get("podman", "podman"), "--root", Store, "--runroot", $"{Store}-run", "--tmpdir", $"{Store}-tmp",
    ];

    // Without a time podman waits ten seconds for the process to end by itself; docker kills at once.
    public override Task RemoveAsync(string container, CancellationToken cancellationToken) => RunAsync(["rm", "-f", "-t", "0", container], cancellationToken);

    public override Task PullAsync(string reference, CancellationToken cancellationToken) =>
        RunAsync(["pull", "--quiet", "--tls-verify=false", "--signature-policy", $"{Folder}/policy.json", reference], cancellationToken);

    public override Task PushAsync(string reference, string destination, CancellationToken cancellationToken) =>
        RunAsync(["push", "--quiet", "--tls-verify=false", "--signature-policy", $"{Folder}/policy.json", reference, destination], cancellationToken);

    public override Task SaveOciAsync(string image, string path, CancellationToken cancellationToken) =>
        RunAsync(["save", "--quiet", "--format", "oci-archive", "-o", path, image], cancellationToken);

    public override Task LoadAsync(string path, CancellationToken cancellationToken) => RunAsync(["load", "--quiet", "--signature-policy", $"{Folder}/policy.json", "-i", path], cancellationToken);

    public override Task ClearAsync() => RunAsync(["rm", "-f", "-a", "-t", "0"], CancellationToken.None);

    // Fails when it was never set up, which was said before.
    public override async ValueTask DisposeAsync() => await ProcessRunner.RunAsync([.. Command, "rm", "-f", "-a", "-t", "0"], null, CancellationToken.None);

    // crun refuses a hybrid cgroup hierarchy whose v2 side owns a controller. Hidden from it, all works; 0 to 5 ms.
    private static string Runtime(string folder)
    {
        string crun = ToolLocator.Find("crun") ?? "crun";
        if (!Directory.Exists("/sys/fs/cgroup/unified"))
        {
            return crun;
        }
        string wrapper = Path.Combine(folder, "crun-hybrid");
        File.WriteAllText(wrapper, $"""
            #!/bin/sh
            case " $* " in
              *" create "*|*" run "*)
                exec unshare -m --propagation slave sh -c 'mount -t tmpfs -o size=64k none /sys/fs/cgroup/unified && exec {crun} "$@"' crun "$@" ;;
            esac
            exec {crun} "$@"

            """);
        File.SetUnixFileMode(wrapper, (UnixFileMode)0b111_101_101);
        return wrapper;
    }
}
