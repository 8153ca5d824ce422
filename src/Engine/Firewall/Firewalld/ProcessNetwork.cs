namespace LayerImage.Engine.Firewall;

/// <summary>Whose packets a process sees.</summary>
internal static class ProcessNetwork
{
    /// <summary>
    /// Whether a process is in the calling thread's network namespace. True where that cannot be seen: an ordinary user may
    /// not look at a process of root's, and a host has one system bus and one service manager.
    /// </summary>
    public static bool IsOurs(uint processId)
    {
        try
        {
            return NamespaceOf($"/proc/{processId}/ns/net") == NamespaceOf("/proc/thread-self/ns/net");
        }
        catch (Exception error) when (error is UnauthorizedAccessException or IOException)
        {
            return true;
        }
    }

    private static string? NamespaceOf(string path) => File.ResolveLinkTarget(path, returnFinalTarget: false)?.Name;
}
