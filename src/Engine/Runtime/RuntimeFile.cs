namespace LayerImage.Engine.Runtime;

/// <summary>Writes the small files of a container's run folder. That folder is gone after a reboot, so nothing is synced.</summary>
internal static class RuntimeFile
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Program = Private | UnixFileMode.UserExecute;
    public const UnixFileMode Shared = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Replaces a file at once: readers see the old one or the new one.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
    {
        string temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}";
        File.WriteAllBytes(temporary, bytes);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(temporary, mode);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Makes a folder that only its owner can enter. Idempotent.</summary>
    public static void EnsureFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, Program);
        }
    }
}
