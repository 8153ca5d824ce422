namespace LayerImage.Testing.Host;

/// <summary>A tree as an image has it, whatever the umask of whoever runs the tests: what its owner may read or run, all may.</summary>
public static class ReadableTree
{
    private const UnixFileMode Read = UnixFileMode.GroupRead | UnixFileMode.OtherRead, Execute = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Opens a folder and all beneath it.</summary>
    public static void Make(string folder)
    {
        Open(folder);
        // Links lead out of it.
        foreach (FileSystemInfo item in new DirectoryInfo(folder).EnumerateFileSystemInfos().Where(item => item.LinkTarget is null))
        {
            if (item is DirectoryInfo)
            {
                Make(item.FullName);
            }
            else
            {
                Open(item.FullName);
            }
        }
    }

    private static void Open(string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, mode | (mode.HasFlag(UnixFileMode.UserRead) ? Read : 0) | (mode.HasFlag(UnixFileMode.UserExecute) ? Execute : 0));
    }
}
