using LayerImage.Engine.Containers;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Runtime;
using Xunit;

namespace LayerImage.Engine.SystemTests.Containers;

/// <summary>
/// Every option, as the program in the container has it: one row says how it is asked for, and a command inside shows it. A new option
/// is a row here.
/// </summary>
[Collection("Containers")]
public sealed class ContainerOptionTests(ContainerOptionTests.Box box) : IClassFixture<ContainerOptionTests.Box>
{
    // What cannot be seen from inside, or not at once; its tests are elsewhere.
    private static readonly string[] s_outside =
    [
        nameof(ContainerOptions.Labels), nameof(ContainerOptions.Interactive), nameof(ContainerOptions.AutoRemove), nameof(ContainerOptions.StopSignal),
        nameof(ContainerOptions.StopTimeout), nameof(ContainerOptions.Publish), nameof(ContainerOptions.OpenHostPort),
    ];

    private static readonly Row[] s_rows =
    [
        new(nameof(ContainerOptions.Entrypoint), request => request with { Entrypoint = ["/bin/echo", "a b"], Command = ["c"] }, null, "a b c"),
        new(nameof(ContainerOptions.Command), request => request with { Command = ["/bin/echo", "a b"] }, null, "a b"),
        new(nameof(ContainerOptions.Environment), request => request with { Environment = ["A=x=y"] }, "echo $A", "x=y"),
        new(nameof(ContainerOptions.WorkingDirectory), request => request with { WorkingDirectory = "/made/for/it" }, "pwd", "/made/for/it"),
        new(nameof(ContainerOptions.User), request => request with { User = "web:50" }, "echo $(id -u) $(id -g) $HOME", "1000 50 /home/web"),
        new(nameof(ContainerOptions.GroupAdd), request => request with { User = "web", GroupAdd = ["nogroup", "7"] }, "id -G", "1000 7 50 65534"),
        new(nameof(ContainerOptions.Hostname), request => request with { Hostname = "web-1" }, "echo $(hostname) $(cat /etc/hostname)", "web-1 web-1"),
        new(nameof(ContainerOptions.Terminal), request => request with { Terminal = true }, "test -t 0 && echo $TERM", "xterm"),
        new(nameof(ContainerOptions.Init), request => request with { Init = true }, "tr '\\0' ' ' </proc/1/cmdline | cut -c 1-20", "/dev/init -- /bin/sh"),
        new(nameof(ContainerOptions.Network), request => request with { Network = NetworkMode.Bridge }, "ls /sys/class/net | grep -v lo", "eth0"),
        new(nameof(ContainerOptions.Network), request => request with { Network = NetworkMode.None }, "ls /sys/class/net | grep -v lo; echo $?", "1"),
        new(nameof(ContainerOptions.Network), request => request with { Network = NetworkMode.Host },
            "readlink /proc/self/ns/net", new FileInfo("/proc/self/ns/net").LinkTarget!),
        new(nameof(ContainerOptions.Volumes), request => request with { Volumes = [VolumeMount.Parse("/etc:/host/etc:ro")] },
            "touch /host/etc/x 2>/dev/null; [ -s /host/etc/passwd ] && [ ! -e /host/etc/x ] && echo seen", "seen"),
        new(nameof(ContainerOptions.Tmpfs), request => request with { Tmpfs = [TmpfsMount.Parse("/run:size=1m,mode=0711")], ReadOnly = true },
            "touch /run/x; stat -c %a /run; df -k /run | awk 'END { print $1, $2 }'; grep ' /run ' /proc/mounts | grep -c noexec", "711\ntmpfs 1024\n1"),
        new(nameof(ContainerOptions.ReadOnly), request => request with { ReadOnly = true }, "touch /x 2>/dev/null || echo refused", "refused"),
        new(nameof(ContainerOptions.Memory), request => request with { Memory = 64 << 20 },
            Cgroup("memory", "memory.limit_in_bytes", "memory.max"), "67108864"),
        new(nameof(ContainerOptions.ShmSize), request => request with { ShmSize = 3 << 20 }, "df -k /dev/shm | awk 'END { print $2 }'", "3072"),
        new(nameof(ContainerOptions.PidsLimit), request => request with { PidsLimit = 33 }, Cgroup("pids", "pids.max", "pids.max"), "33"),
        new(nameof(ContainerOptions.Ulimits), request => request with { Ulimits = [Ulimit.Parse("nofile=512:600"), Ulimit.Parse("core=0")] },
            "ulimit -n; ulimit -Hn; ulimit -c", "512\n600\n0"),
        new(nameof(ContainerOptions.Sysctls), request => request with { Sysctls = [new("net.core.somaxconn", "333"), new("kernel.shmmni", "7")] },
            "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/shmmni", "333\n7"),
        new(nameof(ContainerOptions.Cpu), request => request with { Cpu = 0.5m }, Cgroup("cpu", "cpu.cfs_quota_us", "cpu.max"), "50000"),
        new(nameof(ContainerOptions.Privileged), request => request with { Privileged = true },
            "grep Seccomp: /proc/self/status; umount /dev/shm && echo may", "Seccomp:\t0\nmay"),
        new(nameof(ContainerOptions.CapAdd), request => request with { CapAdd = ["SYS_TIME"] }, "grep CapBnd /proc/self/status", "CapBnd:\t00000000aa0425fb"),
        new(nameof(ContainerOptions.CapDrop), request => request with { CapDrop = ["ALL"] }, "grep CapEff /proc/self/status", "CapEff:\t0000000000000000"),
    ];

    public static IEnumerable<TheoryDataRow<int, string>> Rows => s_rows.Select((row, i) => new TheoryDataRow<int, string>(i, row.Option));

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Option_IsSeenInside(int row, string option)
    {
        ContainerHarness harness = await box.OpenAsync();
        ContainerRequest request = s_rows[row].Ask(new ContainerRequest { Image = "box", Network = NetworkMode.None });
        request = s_rows[row].Command is string command ? request with { Command = ["/bin/sh", "-c", command] } : request;

        Container container = await harness.Containers.RunAsync(request, null, SilentObserver.Instance, Stop);
        await harness.Containers.Waits.ForStopAsync(container.Id, TimeSpan.FromSeconds(30), Stop);

        List<string> lines = [];
        await foreach (LogRecord line in harness.Containers.Logs.ReadAsync(container.Id, null, null, null, null, follow: false, Stop))
        {
            lines.Add(line.Message);
        }
        Assert.Equal($"{option}: {s_rows[row].Output}", $"{option}: {string.Join('\n', lines)}");
    }

    [Fact]
    public void EveryOption_HasARow() => Assert.Equal(
        typeof(ContainerOptions).GetProperties().Where(option => option.SetMethod is not null).Select(option => option.Name).Order(StringComparer.Ordinal),
        s_rows.Select(row => row.Option).Concat(s_outside).Distinct().Order(StringComparer.Ordinal));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // The first word of a file of the container's own control group, on hosts of each kind.
    private static string Cgroup(string controller, string first, string second) =>
        $"cat /sys/fs/cgroup/{controller}/{first} 2>/dev/null || cut -d ' ' -f 1 /sys/fs/cgroup/{second}";

    /// <summary>An option, how it is asked for, and what a command inside says of it then.</summary>
    private sealed record Row(string Option, Func<ContainerRequest, ContainerRequest> Ask, string? Command, string Output);

    /// <summary>One store for all rows.</summary>
    public sealed class Box : IAsyncDisposable
    {
        private ContainerHarness? _harness;

        internal async Task<ContainerHarness> OpenAsync() => _harness ??= await ContainerHarness.CreateAsync();

        public async ValueTask DisposeAsync()
        {
            if (_harness is not null)
            {
                await _harness.DisposeAsync();
            }
        }
    }
}
