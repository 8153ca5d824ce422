using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // ssize_t pwrite(int fd, const void *buf, size_t count, off_t offset);  pwrite(2)
    [LibraryImport("libc", SetLastError = true, EntryPoint = "pwrite64")]
    private static partial nint pwrite(SafeFileHandle file, byte* buffer, nuint count, long offset);

    // int sync_file_range(int fd, off64_t offset, off64_t nbytes, unsigned int flags);  sync_file_range(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int sync_file_range(SafeFileHandle file, long offset, long count, uint flags);

    // ssize_t pread(int fd, void *buf, size_t count, off_t offset);  pread(2)
    [LibraryImport("libc", SetLastError = true, EntryPoint = "pread64")]
    private static partial nint pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    /// <summary>Reads bytes; 0 at the end. Asks nothing else of the file, as the BCL's way does.</summary>
    public static int Read(SafeFileHandle file, Span<byte> buffer, long offset, NativePath name)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint read = pread(file, p, (nuint)buffer.Length, offset);
                if (read >= 0)
                {
                    return (int)read;
                }
                if (Marshal.GetLastPInvokeError() != LinuxException.EINTR)
                {
                    throw Failure("pread", name);
                }
            }
        }
    }

    /// <summary>Writes all bytes. Asks nothing else of the file, as the BCL's way does.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset, NativePath name)
    {
        fixed (byte* p = data)
        {
            for (int done = 0; done < data.Length;)
            {
                nint written = pwrite(file, p + done, (nuint)(data.Length - done), offset + done);
                if (written < 0 && Marshal.GetLastPInvokeError() != LinuxException.EINTR)
                {
                    throw Failure("pwrite", name);
                }
                done += (int)Math.Max(0, written);
            }
        }
    }

    /// <summary>Lets the kernel begin to write a part of a file to the disk, and does not wait for it. No failure counts: it is a hint.</summary>
    public static void BeginWriteback(SafeFileHandle file, long offset, long count) => _ = sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);

    private const uint SYNC_FILE_RANGE_WRITE = 2; // <linux/fs.h>
}
