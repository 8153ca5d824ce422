using System.Globalization;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.IO;

/// <summary>
/// An exclusive lock between processes, on a file. It ends with the process, also when that is killed. The file
/// holds the owner's pid for who waits. It is not deleted: a deleted lock file would be two locks.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock, waiting for as long as the token allows; says who holds it after a second.</summary>
    public static async Task<FileLock> AcquireAsync(string path, string what, IEngineObserver observer, CancellationToken cancellationToken)
    {
        long started = Environment.TickCount64;
        bool told = false;
        while (true)
        {
            if (TryAcquire(path) is FileLock held)
            {
                return held;
            }
            if (!told && Environment.TickCount64 - started > 1000)
            {
                observer.Warning($"Waiting for {what}: process {Holder(path)} is at work on it.");
                told = true;
            }
            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes the lock, or null when another holds it for all of a time.</summary>
    public static FileLock? TryAcquire(string path, TimeSpan patience)
    {
        long started = Environment.TickCount64;
        while (true)
        {
            if (TryAcquire(path) is FileLock held)
            {
                return held;
            }
            if (Environment.TickCount64 - started > patience.TotalMilliseconds)
            {
                return null;
            }
            Thread.Sleep(s_poll);
        }
    }

    /// <summary>Takes the lock, or null when another holds it.</summary>
    public static FileLock? TryAcquire(string path)
    {
        if (!HostSystem.IsLinux)
        {
            return TryAcquirePortable(path);
        }
        // Not File.OpenHandle: .NET takes a lock of its own on what it opens, and would fail on ours.
        SafeFileHandle file = Open(path, out bool canTell);
        try
        {
            if (!Libc.TryFlock(file, exclusive: true, path))
            {
                file.Dispose();
                return null;
            }
            if (canTell)
            {
                TellHolder(file);
            }
            return new FileLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    // On a file system that was mounted read-only what has ended is cleaned up all the same: by one process at a time, be it
    // by the file that is there, be it by its folder.
    private static SafeFileHandle Open(string path, out bool canTell)
    {
        try
        {
            canTell = true;
            return Libc.Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow, 0x180);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.EROFS)
        {
            canTell = false;
            return Libc.Open(File.Exists(path) ? path : Path.GetDirectoryName(path)!, OpenFlags.ReadOnly | OpenFlags.NoFollow);
        }
    }

    // A courtesy to who waits; a full disk has no room for it, and the lock holds all the same.
    private static void TellHolder(SafeFileHandle file)
    {
        byte[] pid = System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture).PadRight(11));
        try
        {
            RandomAccess.Write(file, pid, 0);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            // Nothing is lost.
        }
    }

    // A file that is shared with nobody is a lock everywhere; it cannot tell its holder.
    private static FileLock? TryAcquirePortable(string path)
    {
        try
        {
            return new FileLock(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && !DiskFull.Is(e))
        {
            return null;
        }
    }

    private static string Holder(string path)
    {
        if (!HostSystem.IsLinux)
        {
            return "another";
        }
        try
        {
            using SafeFileHandle file = Libc.Open(path, OpenFlags.ReadOnly);
            byte[] pid = new byte[11];
            int length = RandomAccess.Read(file, pid, 0);
            return System.Text.Encoding.ASCII.GetString(pid, 0, length).Trim();
        }
        catch (LinuxException)
        {
            return "unknown";
        }
    }
}
