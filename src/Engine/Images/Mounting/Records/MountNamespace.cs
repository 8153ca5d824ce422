using LayerImage.Engine.Mounts;

namespace LayerImage.Engine.Images.Mounting;

/// <summary>Mount namespaces (mount_namespaces(7)): a mount is seen in the one that it was made in, and gone with its last process.</summary>
internal static class MountNamespace
{
    /// <summary>This process's: "mnt:[4026531840]".</summary>
    public static string Own => Of("/proc/self") ?? "";

    /// <summary>The mounts of a namespace; empty when no process is in it any more; null when that cannot be told.</summary>
    public static IReadOnlyList<MountInfo>? Read(string name)
    {
        if (name == Own)
        {
            return MountInfo.Read();
        }
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(path => Path.GetFileName(path).All(char.IsAsciiDigit)))
        {
            if (Of(process) == name && MountInfo.TryRead(int.Parse(Path.GetFileName(process), null)) is { Count: > 0 } mounts)
            {
                return mounts;
            }
        }
        return Environment.IsPrivilegedProcess ? [] : null;
    }

    private static string? Of(string process)
    {
        try
        {
            return new FileInfo(process + "/ns/mnt").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
