using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// The host's control group hierarchies, and this engine's place in them: /layerimage/ID for a container,
/// /layerimage/monitors for the conmon processes (so that the end of the user's session does not end them).
/// </summary>
internal sealed class CgroupLayout
{
    private const string Parent = "layerimage";
    private const string Monitors = "monitors";

    private CgroupLayout(CgroupKind kind, IReadOnlyList<CgroupMount> mounts, bool unifiedHasControllers)
        => (Kind, Mounts, UnifiedHasControllers) = (kind, mounts, unifiedHasControllers);

    public CgroupKind Kind { get; }

    public IReadOnlyList<CgroupMount> Mounts { get; }

    /// <summary>The hybrid host's version 2 mount owns controllers, which crun refuses ("drop all controllers from cgroupv2").</summary>
    public bool UnifiedHasControllers { get; }

    /// <summary>What config.json says for a container.</summary>
    public static string PathOf(string id) => $"/{Parent}/{id}";

    /// <summary>Looks at the host.</summary>
    public static CgroupLayout Read()
    {
        IReadOnlyList<CgroupMount> mounts = ParseMountInfo(File.ReadAllText("/proc/self/mountinfo"));
        string? unified = mounts.FirstOrDefault(mount => mount.IsV2)?.Path;
        return From(mounts, unified is null ? "" : ReadOrEmpty(Path.Combine(unified, "cgroup.controllers")));
    }

    /// <summary>Decides what the mounts mean. Pure.</summary>
    public static CgroupLayout From(IReadOnlyList<CgroupMount> mounts, string unifiedControllers)
    {
        bool v1 = mounts.Any(mount => !mount.IsV2 && mount.Writable), v2 = mounts.Any(mount => mount.IsV2 && mount.Writable);
        CgroupKind kind = (v1, v2) switch
        {
            (true, true) => CgroupKind.Hybrid,
            (true, false) => CgroupKind.V1,
            (false, true) => CgroupKind.V2,
            _ => CgroupKind.None,
        };
        return new CgroupLayout(kind, mounts, kind == CgroupKind.Hybrid && unifiedControllers.Trim().Length > 0);
    }

    /// <summary>The hierarchies in a mountinfo text (proc(5)). Pure.</summary>
    public static IReadOnlyList<CgroupMount> ParseMountInfo(string text)
    {
        List<CgroupMount> mounts = [];
        foreach (string line in text.Split('\n'))
        {
            int dash = line.IndexOf(" - ", StringComparison.Ordinal);
            if (dash < 0)
            {
                continue;
            }
            string[] left = line[..dash].Split(' '), right = line[(dash + 3)..].Split(' ');
            if (left.Length < 6 || right.Length < 3 || right[0] is not ("cgroup" or "cgroup2"))
            {
                continue;
            }
            string[] options = left[5].Split(',');
            string[] controllers = [.. right[2].Split(',').Where(option => option is not ("rw" or "ro" or "xattr" or "noprefix" or "clone_children"))];
            bool v2 = right[0] == "cgroup2";
            mounts.Add(new CgroupMount(left[4].Replace("\\040", " ", StringComparison.Ordinal), v2 ? [] : controllers, v2, options.Contains("rw")));
        }
        return mounts;
    }

    /// <exception cref="LayerImageException"><see cref="EngineError.NotSupportedByKernel"/>: no container can be made on this host.</exception>
    public void EnsureUsable()
    {
        if (Kind == CgroupKind.None)
        {
            throw new LayerImageException(EngineError.NotSupportedByKernel, "No control groups can be used: none are mounted read-write under /sys/fs/cgroup.")
            {
                Target = "/sys/fs/cgroup",
                Advice = "Mount them (mount -t cgroup2 none /sys/fs/cgroup), or, inside a container, start that one with writable control groups.",
            };
        }
    }

    /// <summary>The files that freeze a container and tell whether it is frozen; null where the host cannot.</summary>
    public CgroupFreezer? Freezer(string id)
    {
        if (Mounts.FirstOrDefault(mount => mount.Controllers.Contains("freezer")) is { } v1)
        {
            string folder = Path.Combine(v1.Path, Parent, id);
            return new CgroupFreezer(Path.Combine(folder, "freezer.state"), "FROZEN", "THAWED", Path.Combine(folder, "freezer.state"), "FROZEN");
        }
        if (Mounts.FirstOrDefault(mount => mount.IsV2) is { } v2)
        {
            string folder = Path.Combine(v2.Path, Parent, id);
            return new CgroupFreezer(Path.Combine(folder, "cgroup.freeze"), "1", "0", Path.Combine(folder, "cgroup.events"), "frozen 1");
        }
        return null;
    }

    /// <summary>Whether the kernel counts swap space by group. One without, or booted with swapaccount=0, has no file for it.</summary>
    public bool LimitsSwap() => Mounts.FirstOrDefault(mount => mount.Controllers.Contains("memory")) is { } v1
        ? File.Exists(Path.Combine(v1.Path, "memory.memsw.limit_in_bytes"))
        : Mounts.FirstOrDefault(mount => mount.IsV2) is { } v2 && Directory.EnumerateDirectories(v2.Path).Any(group => File.Exists(Path.Combine(group, "memory.swap.max")));

    /// <summary>The processes in a container's group and those below it, in the host's numbers.</summary>
    public IReadOnlyList<int> Processes(string id)
    {
        foreach (CgroupMount mount in Mounts)
        {
            List<int> pids = [];
            AddProcesses(Path.Combine(mount.Path, Parent, id), pids);
            if (pids.Count > 0)
            {
                return pids;
            }
        }
        return [];
    }

    /// <summary>Whether there are any. Quick for a container that has no group, as one that does not run.</summary>
    public bool HasProcesses(string id) => Mounts.Any(mount => Directory.Exists(Path.Combine(mount.Path, Parent, id))) && Processes(id).Count > 0;

    /// <summary>The first process of a container: all others come of it, or were started when it was there.</summary>
    public ProcessIdentity? FirstProcess(string id) => Processes(id).Select(ProcessIdentity.Of).Where(process => process is not null)
        .OrderBy(process => process!.Value.StartTime).ThenBy(process => process!.Value.Pid).FirstOrDefault();

    private static void AddProcesses(string group, List<int> pids)
    {
        if (!Directory.Exists(group))
        {
            return;
        }
        pids.AddRange(ReadOrEmpty(Path.Combine(group, "cgroup.procs")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture)));
        foreach (string below in GroupsIn(group))
        {
            AddProcesses(below, pids);
        }
    }

    private static string[] GroupsIn(string group)
    {
        try
        {
            return Directory.GetDirectories(group);
        }
        catch (IOException)
        {
            return []; // removed meanwhile
        }
    }

    /// <summary>
    /// Moves a process out of the user's session where a service manager would end it with the session: in the
    /// hierarchies that systemd watches. Best effort: without it everything works until the session ends.
    /// </summary>
    public void MoveToMonitors(int pid)
    {
        foreach (CgroupMount mount in Mounts.Where(mount => mount.Writable && (mount.IsV2 || mount.Controllers.Contains("name=systemd"))))
        {
            try
            {
                string folder = Path.Combine(mount.Path, Parent, Monitors);
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(folder, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    /// <summary>Removes a container's empty groups, those below them first. Idempotent; a group in use stays.</summary>
    public void Remove(string id)
    {
        foreach (CgroupMount mount in Mounts.Where(mount => mount.Writable))
        {
            RemoveTree(Path.Combine(mount.Path, Parent, id));
        }
    }

    private static void RemoveTree(string folder)
    {
        try
        {
            if (!Directory.Exists(folder))
            {
                return;
            }
            foreach (string child in GroupsIn(folder))
            {
                RemoveTree(child);
            }
            // The files in it are the kernel's and go with it: rmdir(2), never a recursive delete.
            Directory.Delete(folder, recursive: false);
        }
        catch (IOException)
        {
        }
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
