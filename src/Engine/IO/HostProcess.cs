using System.Diagnostics;
using System.Globalization;

namespace LayerImage.Engine.IO;

/// <summary>Facts of this boot and its processes that survive the reuse of a pid (proc(5)).</summary>
internal static class HostProcess
{
    /// <summary>The id of this boot; nothing about running things is believed across it.</summary>
    public static string BootId { get; } = Read("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>When a process started, in clock ticks after boot, or null when it is gone.</summary>
    public static long? StartTime(int pid)
    {
        if (!HostSystem.IsLinux)
        {
            return PortableStartTime(pid);
        }
        if (pid <= 0 || Read($"/proc/{pid}/stat") is not string stat)
        {
            return null;
        }
        // The name, in parentheses, may hold spaces and parentheses; field 22 is the 20th after it. 'Z' is a zombie.
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
    }

    /// <summary>Whether the process that had this pid and start time still runs.</summary>
    public static bool IsAlive(int pid, long startTime) => StartTime(pid) == startTime;

    /// <summary>The bits that this process's files are made without (umask(2)); all of them where that cannot be read.</summary>
    public static int FileModeMask
    {
        get
        {
            // It can be read without being set only here (proc(5), status).
            string? line = Read("/proc/self/status")?.Split('\n').FirstOrDefault(line => line.StartsWith("Umask:", StringComparison.Ordinal));
            return line is null ? 0x1FF : Convert.ToInt32(line[6..].Trim(), 8);
        }
    }

    private static long? PortableStartTime(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime().Ticks;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
