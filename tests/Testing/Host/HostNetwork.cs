namespace LayerImage.Testing.Host;

/// <summary>The network namespace from which the tests were started, when they run in one of their own.</summary>
public static class HostNetwork
{
    /// <summary>
    /// The path of the first network namespace among the parents of this process that is not its own, or null when there
    /// is none (or it may not be looked at).
    /// </summary>
    public static string? Find()
    {
        string? ours = new FileInfo("/proc/self/ns/net").LinkTarget;
        for (int process = ParentOf(Environment.ProcessId); process > 0; process = ParentOf(process))
        {
            string path = $"/proc/{process}/ns/net";
            if (TryReadLink(path) is { } theirs && theirs != ours)
            {
                return path;
            }
        }
        return null;
    }

    // proc(5): "pid (comm) state ppid …", where comm may contain anything.
    private static int ParentOf(int process)
    {
        string stat = File.ReadAllText($"/proc/{process}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string? TryReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
