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

    /// <summary>Takes the lock, or null when another holds it.</summary>
    public static FileLock? TryAcquire(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!TryLock(file, path))
            {
                file.Dispose();
                return null;
            }
            byte[] pid = System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture).PadRight(11));
            RandomAccess.Write(file, pid, 0);
            return new FileLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();

    private static bool TryLock(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsLinux())
        {
            return Libc.TryFlock(file, exclusive: true, path);
        }
        throw new PlatformNotSupportedException("Locks are implemented for Linux.");
    }

    private static string Holder(string path)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(stream);
            return reader.ReadToEnd().Trim();
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}
