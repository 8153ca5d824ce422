using System.Globalization;
using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>docker's defaults for what a container sees of the kernel.</summary>
internal static class RuntimeDefaults
{
    public const string Path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Bytes of /dev/shm.</summary>
    public const long SharedMemorySize = 64 << 20;

    public static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    public static readonly string[] ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    private static readonly (string Type, long? Major, long? Minor, string Access)[] s_devices =
    [
        ("c", null, null, "m"), ("b", null, null, "m"), // mknod of anything, use of what follows
        ("c", 1, 3, "rwm"), // null
        ("c", 1, 5, "rwm"), // zero
        ("c", 1, 7, "rwm"), // full
        ("c", 1, 8, "rwm"), // random
        ("c", 1, 9, "rwm"), // urandom
        ("c", 5, 0, "rwm"), // tty
        ("c", 5, 1, "rwm"), // console
        ("c", 5, 2, "rwm"), // ptmx
        ("c", 136, null, "rwm"), // pts/*
    ];

    public static IReadOnlyList<SpecDeviceRule> DeviceRules(bool privileged) => privileged
        ? [new SpecDeviceRule(true, null, null, null, "rwm")]
        : [new SpecDeviceRule(false, null, null, null, "rwm"),
            .. s_devices.Select(rule => new SpecDeviceRule(true, rule.Type, rule.Major, rule.Minor, rule.Access))];

    /// <summary>A container of its own network may ping and listen on low ports without being root, as in docker since 20.10.</summary>
    public static IReadOnlyDictionary<string, string> NetworkSysctls { get; } = new Dictionary<string, string>
    {
        ["net.ipv4.ip_unprivileged_port_start"] = "0",
        ["net.ipv4.ping_group_range"] = "0 2147483647",
    };

    public static IReadOnlyList<SpecMount> Mounts(bool privileged, long sharedMemorySize)
    {
        string access = privileged ? "rw" : "ro";
        return
        [
            new SpecMount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            new SpecMount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            new SpecMount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            new SpecMount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", access]),
            new SpecMount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", access]),
            new SpecMount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
            new SpecMount("/dev/shm", "tmpfs", "shm",
                ["nosuid", "noexec", "nodev", "mode=1777", string.Create(CultureInfo.InvariantCulture, $"size={sharedMemorySize}")]),
        ];
    }
}
