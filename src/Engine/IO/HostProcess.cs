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
        return pid > 0 && Read($"/proc/{pid}/stat") is string stat ? ParseStartTime(stat) : null;
    }

    /// <summary>The start time in a process's stat file (proc(5)); null of one that has ended: a zombie's exit is only not fetched yet.</summary>
    internal static long? ParseStartTime(string stat)
    {
        // The name, in parentheses, may hold anything: what follows the last one is safe. Field 22 is the 20th after it.
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") ? long.Parse(fields[19], CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Whether the process that had this pid and start time still runs.</summary>
    public static bool IsAlive(int pid, long startTime) => StartTime(pid) == startTime;

    /// <summary>This process, in one word of letters, digits, dots and dashes that no other process ever has.</summary>
    public static string Stamp { get; } = string.Create(CultureInfo.InvariantCulture, $"{BootId}.{Environment.ProcessId}.{StartTime(Environment.ProcessId)}");

    /// <summary>Whether the process with this <see cref="Stamp"/> still runs. Nobody has another text.</summary>
    public static bool IsAlive(string stamp) => stamp.Split('.') is [var boot, var pid, var start] && boot == BootId
        && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && long.TryParse(start, NumberStyles.None, CultureInfo.InvariantCulture, out long time) && IsAlive(number, time);

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
