using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>Writes small files so that a crash leaves the old content or the new, never a part.</summary>
internal static class AtomicFile
{
    /// <summary>Temp in the same directory, write, fsync, rename, fsync directory. Idempotent.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content) => Write(path, content, mode: null);

    /// <summary>The same for a file that only its owner may read.</summary>
    public static void WritePrivate(string path, ReadOnlySpan<byte> content) => Write(path, content, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    /// <summary>The same for a file that may be there already and be another user's, which root writes for them: it keeps its owner and mode.</summary>
    public static void WriteKeepingOwner(string path, ReadOnlySpan<byte> content) =>
        Write(
            path,
            content,
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            HostSystem.IsLinux && Libc.TryStat(path, out FileStatus was) && was.Type == FileType.Regular && was.Uid != Libc.GetEuid() ? was : null);

    private static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode, FileStatus? like = null)
    {
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
            if (mode is not null && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = mode;
            }
            using (FileStream file = new(temporary, options))
            {
                file.Write(content);
                if (like is FileStatus was)
                {
                    Libc.ChownAt(file.SafeFileHandle, default, was.Uid, was.Gid);
                    Libc.Chmod(file.SafeFileHandle, was.Permissions, path);
                }
                file.Flush(flushToDisk: true);
            }
            Publish(temporary, path);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (DiskFull.Is(e))
            {
                throw DiskFull.ToError(e, path);
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
