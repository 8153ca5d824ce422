using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // ssize_t getdents64(int fd, void *dirp, size_t count);  getdents(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(SafeFileHandle directory, byte* buffer, nuint count);

    /// <summary>The names in an open directory, without "." and "..", in the order the file system gives them.</summary>
    public static List<NativePath> ReadDirectory(SafeFileHandle directory)
    {
        const int Size = 64 << 10;
        byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(Size);
        try
        {
            List<NativePath> names = [];
            while (true)
            {
                nint length;
                fixed (byte* p = buffer)
                {
                    length = getdents64(directory, p, Size);
                }
                if (length < 0)
                {
                    throw new LinuxException("getdents64", Marshal.GetLastPInvokeError(), null);
                }
                if (length == 0)
                {
                    return names;
                }
                AddNames(buffer.AsSpan(0, (int)length), names);
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // struct linux_dirent64: u64 inode, s64 offset, u16 record length, u8 type, name with terminator.
    private static void AddNames(ReadOnlySpan<byte> entries, List<NativePath> names)
    {
        while (entries.Length > 0)
        {
            int length = MemoryMarshal.Read<ushort>(entries[16..]);
            ReadOnlySpan<byte> name = entries[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                names.Add(NativePath.From(name));
            }
            entries = entries[length..];
        }
    }
}
