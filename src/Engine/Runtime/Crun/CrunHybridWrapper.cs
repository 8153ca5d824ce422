using System.Text;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// crun refuses hosts whose version 2 control group mount owns a controller beside version 1. A script in front of
/// it hides that mount in a mount namespace that lives as long as the call; nothing of the host changes.
/// </summary>
internal static class CrunHybridWrapper
{
    /// <summary>The runtime's path for a host: crun itself, or the script, written to the run folder when it is not there yet.</summary>
    public static string PathFor(CgroupLayout cgroups, string crun, string runFolder)
    {
        if (!cgroups.UnifiedHasControllers)
        {
            return crun;
        }
        string path = Path.Combine(runFolder, "crun-hybrid");
        string text = Script(crun, cgroups.Mounts.First(mount => mount.IsV2).Path);
        if (File.Exists(path) && File.ReadAllText(path) == text)
        {
            return path;
        }
        RuntimeFile.EnsureFolder(runFolder);
        RuntimeFile.Write(path, Encoding.UTF8.GetBytes(text), RuntimeFile.Program);
        return path;
    }

    /// <summary>The script. Pure.</summary>
    public static string Script(string crun, string unifiedMount) => $"""
        #!/bin/sh
        # Hides the host's version 2 control groups from crun, which refuses them beside version 1.
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        # Nothing else is cut off from the host: a volume may ask to share its mounts.
        exec unshare --mount --propagation unchanged /bin/sh -c 'mount --make-private {Quote(unifiedMount)} && mount -t tmpfs -o size=64k none {Quote(unifiedMount)} && exec "$0" "$@"' {Quote(crun)} "$@"

        """;

    private static string Quote(string path) => path.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '_' or '.' or '+')
        ? path
        : throw new ArgumentException($"The path '{path}' has characters that cannot be put into a script.");
}
