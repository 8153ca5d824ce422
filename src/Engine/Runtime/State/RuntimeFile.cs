using LayerImage.Engine.Errors;

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
        try
        {
            File.WriteAllBytes(temporary, bytes);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, mode);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            throw Told(e, path);
        }
    }

    /// <summary>Makes a folder that only its owner can enter. Idempotent.</summary>
    public static void EnsureFolder(string path)
    {
        try
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
        catch (IOException e)
        {
            throw Told(e, path);
        }
    }

    // The run folder is a disk of its own, and a small one.
    private static Exception Told(Exception e, string path) => DiskFull.Is(e) ? DiskFull.ToError(e, path) : e;
}
