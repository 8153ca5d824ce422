using LayerImage.Engine.Oci.Runtime;
using LayerImage.Engine.Runtime;

namespace LayerImage.Engine.Containers;

/// <summary>
/// Makes config.json from what was decided about a container, what its start found out, and what the host has. Each option that
/// the runtime has to know of is read here and nowhere else. Pure: the same input gives the same bytes.
/// </summary>
internal static class RuntimeSpecBuilder
{
    private const string InitDestination = "/dev/init";
    private const ulong CpuPeriod = 100_000;

    public static RuntimeSpec Build(RuntimeSpecOptions options, RuntimeHost host)
    {
        ContainerSpec spec = options.Spec;
        IReadOnlyList<string> capabilities = Capabilities(spec, host);
        return new RuntimeSpec
        {
            Process = Process(options, capabilities, host),
            Root = new SpecRoot(options.RootFsPath, spec.ReadOnly),
            Hostname = spec.Hostname,
            Mounts = Mounts(options, host),
            Linux = new SpecLinux
            {
                Sysctl = Sysctls(options),
                Resources = Resources(options),
                CgroupsPath = CgroupLayout.PathOf(options.Id),
                Namespaces = Namespaces(options, host),
                RootfsPropagation = RootPropagation(options),
                Seccomp = spec.Privileged ? null : SeccompProfile.Default(capabilities.ToHashSet(StringComparer.Ordinal), host.Architecture, Is32Bit(spec)),
                MaskedPaths = spec.Privileged ? null : RuntimeDefaults.MaskedPaths,
                ReadonlyPaths = spec.Privileged ? null : RuntimeDefaults.ReadonlyPaths,
            },
        };
    }

    /// <summary>The process of an exec in a container that was made with the same options (its user, arguments, folder and terminal replaced).</summary>
    public static SpecProcess BuildExec(RuntimeSpecOptions options, RuntimeHost host)
        => Process(options with { InitPath = null }, Capabilities(options.Spec, host), host);

    /// <summary>The container's variables: docker's own, then those given, the last of a name winning, then HOME.</summary>
    public static IReadOnlyList<string> Environment(RuntimeSpecOptions options)
    {
        List<string> result = [RuntimeDefaults.Path, "HOSTNAME=" + options.Spec.Hostname];
        if (options.Spec.Terminal)
        {
            result.Add("TERM=xterm");
        }
        foreach (string variable in options.Spec.Environment)
        {
            int index = IndexOf(variable);
            if (index < 0)
            {
                result.Add(variable);
            }
            else
            {
                result[index] = variable;
            }
        }
        if (IndexOf("HOME=") < 0)
        {
            result.Add("HOME=" + options.User.Home);
        }
        return result;

        int IndexOf(string variable)
        {
            string name = variable.Split('=', 2)[0];
            return result.FindIndex(existing => existing.Split('=', 2)[0] == name);
        }
    }

    /// <summary>Where the container's programs are searched for.</summary>
    public static string SearchPath(RuntimeSpecOptions options) =>
        Environment(options).First(variable => variable.StartsWith("PATH=", StringComparison.Ordinal))["PATH=".Length..];

    private static IReadOnlyList<string> Capabilities(ContainerSpec spec, RuntimeHost host) =>
        LinuxCapabilities.Resolve(spec.CapAdd, spec.CapDrop, spec.Privileged, host.Capabilities);

    private static bool Is32Bit(ContainerSpec spec) => spec.Platform?.StartsWith("linux/386", StringComparison.Ordinal) == true;

    private static SpecProcess Process(RuntimeSpecOptions options, IReadOnlyList<string> capabilities, RuntimeHost host)
    {
        // Only root starts with capabilities; another user may get them by a set-user-id program, within the bounding set.
        IReadOnlyList<string> effective = options.User.Uid == 0 ? capabilities : [];
        return new SpecProcess
        {
            Terminal = options.Spec.Terminal,
            User = new SpecUser(options.User.Uid, options.User.Gid, options.User.Groups),
            Args = options.InitPath is null ? options.Spec.Arguments : [InitDestination, "--", .. options.Spec.Arguments],
            Env = Environment(options),
            Cwd = string.IsNullOrEmpty(options.Spec.WorkingDirectory) ? "/" : options.Spec.WorkingDirectory,
            Capabilities = new SpecCapabilities(capabilities, effective, effective),
            Rlimits = Limits(options.Spec.Ulimits, host),
        };
    }

    private static SpecLimit[]? Limits(IReadOnlyList<Ulimit> asked, RuntimeHost host)
    {
        // The last of a type holds, the fixed ones first.
        IEnumerable<SpecLimit> all = host.Limits.Concat(asked.Select(limit => new SpecLimit(limit.Type, limit.Hard, limit.Soft)));
        SpecLimit[] limits = [.. all.Reverse().DistinctBy(limit => limit.Type).Reverse()];
        return limits.Length == 0 ? null : limits;
    }

    private static List<SpecMount> Mounts(RuntimeSpecOptions options, RuntimeHost host)
    {
        // A mount asked for in the place of a default one (a -Volume at /dev/shm) replaces it.
        HashSet<string> taken = [.. options.MountPoints];
        long sharedMemory = options.Spec.ShmSize ?? RuntimeDefaults.SharedMemorySize;
        List<SpecMount> mounts = [.. RuntimeDefaults.Mounts(options.Spec.Privileged, sharedMemory).Where(mount => !taken.Contains(mount.Destination))];
        // Parents before children, whatever the order they were given in.
        IEnumerable<SpecMount> inMemory = options.Spec.Tmpfs.Select(tmpfs => new SpecMount(tmpfs.Path, "tmpfs", "tmpfs", tmpfs.MountOptions));
        mounts.AddRange(options.Mounts.Select(mount => Bind(mount, host)).Concat(inMemory).OrderBy(mount => mount.Destination.Count(c => c == '/')));
        if (options.InitPath is not null)
        {
            mounts.Add(Bind(new BindMount(options.InitPath, InitDestination, ReadOnly: true), host));
        }
        return mounts;
    }

    // "ro" is the topmost mount's alone: what is mounted beneath the source could be written to. crun takes "rro" for folders only.
    private static SpecMount Bind(BindMount bind, RuntimeHost host)
        => new(bind.Destination, "bind", bind.Source, ["rbind", bind.Propagation, !bind.ReadOnly ? "rw" : bind.IsFolder && host.RecursiveReadOnly ? "rro" : "ro"]);

    // The runtime cuts all mounts off from the host's unless a volume asks for less (moby, daemon/oci_linux.go).
    private static string? RootPropagation(RuntimeSpecOptions options) =>
        options.Mounts.Any(mount => mount.Propagation.EndsWith("shared", StringComparison.Ordinal)) ? "shared"
            : options.Mounts.Any(mount => mount.Propagation.EndsWith("slave", StringComparison.Ordinal)) ? "rslave" : null;

    private static Dictionary<string, string>? Sysctls(RuntimeSpecOptions options)
    {
        // The host's own network is never changed.
        Dictionary<string, string> sysctls = options.NetworkNamespacePath is null ? [] : new(RuntimeDefaults.NetworkSysctls);
        foreach (Sysctl parameter in options.Spec.Sysctls)
        {
            sysctls[parameter.Name] = parameter.Value;
        }
        return sysctls.Count == 0 ? null : sysctls;
    }

    private static SpecResources Resources(RuntimeSpecOptions options) => new()
    {
        Devices = RuntimeDefaults.DeviceRules(options.Spec.Privileged),
        Memory = options.Spec.Memory is long memory ? new SpecMemory(memory, options.LimitsSwap ? 2 * memory : null) : null,
        Cpu = options.Spec.Cpu is decimal cpu ? new SpecCpu((long)(cpu * CpuPeriod), CpuPeriod) : null,
        Pids = options.Spec.PidsLimit is long pids ? new SpecPids(pids) : null,
    };

    private static List<SpecNamespace> Namespaces(RuntimeSpecOptions options, RuntimeHost host)
    {
        List<SpecNamespace> namespaces = [new("pid", null), new("mount", null), new("ipc", null), new("uts", null)];
        if (host.CgroupNamespaces)
        {
            namespaces.Add(new SpecNamespace("cgroup", null));
        }
        if (options.NetworkNamespacePath is not null)
        {
            namespaces.Add(new SpecNamespace("network", options.NetworkNamespacePath.Length == 0 ? null : options.NetworkNamespacePath));
        }
        return namespaces;
    }
}
