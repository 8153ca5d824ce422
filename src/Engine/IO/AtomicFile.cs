using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>Writes small files so that a crash leaves the old content or the new, never a part.</summary>
internal static class AtomicFile
{
    /// <summary>Temp in the same directory, write, fsync, rename, fsync directory. Idempotent.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, content, 0);
                RandomAccess.FlushToDisk(file);
            }
            Publish(temporary, path);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (e is IOException io && DiskFull.Is(io))
            {
                throw new LinuxException("write", LinuxException.ENOSPC, path);
            }
            throw;
        }
    }

    /// <summary>Gives a finished and synced file its name, and makes the name durable.</summary>
    public static void Publish(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a directory's names durable. Other systems do so by themselves or not at all.</summary>
    public static void SyncDirectory(string directory)
    {
        if (HostSystem.IsLinux)
        {
            using SafeFileHandle handle = Libc.OpenDirectory(directory);
            Libc.Fsync(handle, directory);
        }
    }
}
