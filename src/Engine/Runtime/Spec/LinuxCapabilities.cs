using System.Globalization;
using LayerImage.Engine.Errors;

namespace LayerImage.Engine.Runtime;

/// <summary>capabilities(7): their names, docker's default set, and how CapAdd and CapDrop change it.</summary>
internal static class LinuxCapabilities
{
    /// <summary>What a container has when nothing else is asked: docker's fourteen.</summary>
    public static readonly string[] Default = Split(
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT");

    // linux/capability.h, in the order of their numbers.
    private static readonly string[] s_all = Split("""
        CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
        NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
        SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
        MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
        """);

    /// <summary>All of them, without CAP_: "CHOWN", "NET_ADMIN", …</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(name => name["CAP_".Length..])];

    /// <summary>The set after CapAdd and CapDrop, restricted to what this process may give away.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.ParameterInvalid"/>: a name that is none.</exception>
    public static IReadOnlyList<string> Resolve(
        IReadOnlyList<string> add, IReadOnlyList<string> drop, bool privileged, IReadOnlySet<string> available)
    {
        HashSet<string> adds = [.. add.Select(Normalize)], drops = [.. drop.Select(Normalize)];
        IEnumerable<string> chosen = privileged ? s_all
            : drops.Contains("ALL") ? (adds.Contains("ALL") ? s_all : s_all.Where(adds.Contains))
            : s_all.Where(name => (adds.Contains("ALL") || adds.Contains(name) || Default.Contains(name)) && !drops.Contains(name));
        return [.. chosen.Where(available.Contains)];
    }

    /// <summary>The names of the capabilities in a mask as /proc/PID/status shows it.</summary>
    public static IReadOnlySet<string> FromMask(string hexadecimal)
    {
        ulong mask = ulong.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return s_all.Where((_, number) => (mask >> number & 1) == 1).ToHashSet(StringComparer.Ordinal);
    }

    private static string Normalize(string name)
    {
        string upper = name.Trim().ToUpperInvariant();
        if (upper is "ALL" or "CAP_ALL")
        {
            return "ALL";
        }
        string full = upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
        return s_all.Contains(full) ? full
            : throw new LayerImageException(EngineError.ParameterInvalid, $"'{name}' is not the name of a Linux capability.")
            {
                Target = name,
                Advice = "Give a name of capabilities(7), with or without CAP_, such as NET_ADMIN; or ALL.",
            };
    }

    private static string[] Split(string names)
        => [.. names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(name => "CAP_" + name)];
}
