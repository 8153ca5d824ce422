using System.Globalization;

namespace LayerImage.Engine.Runtime;

/// <summary>Where the runtime keeps what belongs to running containers, under the run folder.</summary>
internal sealed record RuntimePaths(string Run)
{
    /// <summary>crun's own state (--root).</summary>
    public string CrunRoot => Path.Combine(Run, "crun");

    /// <summary>conmon writes a container's exit code here, in a file with its id.</summary>
    public string Exits => Path.Combine(Run, "exits");

    /// <summary>The bundle: config.json, conmon's sockets, pid files. Short, because of the 108 bytes of a Unix socket's address.</summary>
    public string Bundle(string id) => Path.Combine(Run, "bundles", id);

    public string ExitFile(string id) => Path.Combine(Exits, id);

    /// <summary>The exit code that the monitor wrote, and when; null while it has written none.</summary>
    public (int? Code, DateTimeOffset? At) ReadExit(string id)
    {
        FileInfo file = new(ExitFile(id));
        try
        {
            return int.TryParse(File.ReadAllText(file.FullName), CultureInfo.InvariantCulture, out int code)
                ? (code, new DateTimeOffset(file.LastWriteTimeUtc))
                : (null, null);
        }
        catch (IOException)
        {
            return (null, null);
        }
    }

    public string ProcessFile(string id) => Path.Combine(Bundle(id), "process");

    /// <summary>Says which process has paused the container for a commit; it is there as long as that pause.</summary>
    public string CommitPauseFile(string id) => Path.Combine(Bundle(id), "committing");

    /// <summary>The monitor makes it in its folder when the kernel ended a process of the container for want of memory.</summary>
    public string OutOfMemoryFile(string id) => Path.Combine(Bundle(id), "oom");

    /// <summary>crun's start gate: it exists from create until start.</summary>
    public string StartGate(string id) => Path.Combine(CrunRoot, id, "exec.fifo");
}
