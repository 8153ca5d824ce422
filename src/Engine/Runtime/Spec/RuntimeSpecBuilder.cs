using LayerImage.Engine.Oci.Runtime;

namespace LayerImage.Engine.Runtime;

/// <summary>Makes config.json from what is asked and what the host has. Pure: the same input gives the same bytes.</summary>
internal static class RuntimeSpecBuilder
{
    private const string InitDestination = "/dev/init";
    private const ulong CpuPeriod = 100_000;

    public static RuntimeSpec Build(RuntimeSpecOptions options, RuntimeHost host)
    {
        IReadOnlyList<string> capabilities = LinuxCapabilities.Resolve(options.CapAdd, options.CapDrop, options.Privileged, host.Capabilities);
        bool confined = !options.Privileged && options.Seccomp == SeccompMode.Default;
        return new RuntimeSpec
        {
            Process = Process(options, capabilities, host),
            Root = new SpecRoot(options.RootFsPath, options.ReadOnlyRoot),
            Hostname = options.Hostname,
            Mounts = Mounts(options, host),
            Annotations = options.Annotations.Count == 0 ? null : options.Annotations,
            Linux = new SpecLinux
            {
                Sysctl = Sysctls(options),
                Resources = Resources(options),
                CgroupsPath = options.CgroupsPath,
                Namespaces = Namespaces(options, host),
                RootfsPropagation = RootPropagation(options),
                Seccomp = confined ? SeccompProfile.Default(capabilities.ToHashSet(StringComparer.Ordinal), host.Architecture, options.Is32Bit) : null,
                MaskedPaths = options.Privileged ? null : RuntimeDefaults.MaskedPaths,
                ReadonlyPaths = options.Privileged ? null : RuntimeDefaults.ReadonlyPaths,
            },
        };
    }

    /// <summary>The process of an exec in a container that was made with the same options (its user, arguments, folder and terminal replaced).</summary>
    public static SpecProcess BuildExec(RuntimeSpecOptions options, RuntimeHost host)
        => Process(options with { InitPath = null }, LinuxCapabilities.Resolve(options.CapAdd, options.CapDrop, options.Privileged, host.Capabilities), host);

    /// <summary>The container's variables: docker's own, then those given, the last of a name winning, then HOME.</summary>
    public static IReadOnlyList<string> Environment(RuntimeSpecOptions options)
    {
        List<string> result = [RuntimeDefaults.Path, "HOSTNAME=" + options.Hostname];
        if (options.Terminal)
        {
            result.Add("TERM=xterm");
        }
        foreach (string variable in options.Environment)
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

    private static SpecProcess Process(RuntimeSpecOptions options, IReadOnlyList<string> capabilities, RuntimeHost host)
    {
        // Only root starts with capabilities; another user may get them by a set-user-id program, within the bounding set.
        IReadOnlyList<string> effective = options.User.Uid == 0 ? capabilities : [];
        return new SpecProcess
        {
            Terminal = options.Terminal,
            User = new SpecUser(options.User.Uid, options.User.Gid, options.User.Groups),
            Args = options.InitPath is null ? options.Arguments : [InitDestination, "--", .. options.Arguments],
            Env = Environment(options),
            Cwd = options.WorkingDirectory.Length == 0 ? "/" : options.WorkingDirectory,
            Capabilities = new SpecCapabilities(capabilities, effective, effective),
            Rlimits = host.Limits.Count == 0 ? null : host.Limits,
            NoNewPrivileges = options.NoNewPrivileges,
        };
    }

    private static List<SpecMount> Mounts(RuntimeSpecOptions options, RuntimeHost host)
    {
        // A mount asked for in the place of a default one (a -Volume at /dev/shm) replaces it.
        HashSet<string> taken = [.. options.Mounts.Select(mount => mount.Destination)];
        List<SpecMount> mounts = [.. RuntimeDefaults.Mounts(options.Privileged, options.SharedMemorySize).Where(mount => !taken.Contains(mount.Destination))];
        // Parents before children, whatever the order they were given in.
        foreach (BindMount bind in options.Mounts.OrderBy(mount => mount.Destination.Count(c => c == '/')))
        {
            mounts.Add(Bind(bind, host));
        }
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
        foreach ((string name, string value) in options.Sysctls)
        {
            sysctls[name] = value;
        }
        return sysctls.Count == 0 ? null : sysctls;
    }

    private static SpecResources Resources(RuntimeSpecOptions options) => new()
    {
        Devices = RuntimeDefaults.DeviceRules(options.Privileged),
        Memory = options.MemoryLimit is long memory ? new SpecMemory(memory, options.LimitsSwap ? 2 * memory : null) : null,
        Cpu = options.CpuLimit is decimal cpu ? new SpecCpu((long)(cpu * CpuPeriod), CpuPeriod) : null,
        Pids = options.PidsLimit is long pids ? new SpecPids(pids) : null,
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
