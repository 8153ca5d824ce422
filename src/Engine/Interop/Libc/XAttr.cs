using System.Runtime.InteropServices;
using LayerImage.Engine.Errors;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Interop.Libc;

internal static unsafe partial class Libc
{
    // int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);  setxattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);  getxattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    // ssize_t llistxattr(const char *path, char *list, size_t size);  listxattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);

    // ssize_t fgetxattr(int fd, const char *name, void *value, size_t size);  getxattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(SafeFileHandle file, byte* name, byte* value, nuint size);

    // ssize_t flistxattr(int fd, char *list, size_t size);  listxattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(SafeFileHandle file, byte* list, nuint size);

    // int lremovexattr(const char *path, const char *name);  removexattr(2)
    [LibraryImport("libc", SetLastError = true)]
    private static partial int lremovexattr(byte* path, byte* name);

    /// <summary>
    /// A path by which the l*xattr calls reach an entry of an open directory, since they have no *at form before
    /// Linux 6.13. The magic link ends at the descriptor, so nothing an image says can redirect it.
    /// </summary>
    public static NativePath ThroughDescriptor(SafeFileHandle directory, NativePath name)
    {
        byte[] prefix = System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{directory.DangerousGetHandle()}/");
        byte[] path = new byte[prefix.Length + name.Bytes.Length];
        prefix.CopyTo(path, 0);
        name.Bytes.CopyTo(path.AsSpan(prefix.Length));
        return NativePath.From(path);
    }

    /// <summary>Sets an extended attribute, never through a symbolic link; the errno, or 0.</summary>
    public static int TrySetXAttr(NativePath path, NativePath name, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = path.Terminated, n = name.Terminated, v = value)
        {
            return lsetxattr(p, n, v, (nuint)value.Length, 0) < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
    }

    /// <summary>Sets an extended attribute, never through a symbolic link.</summary>
    public static void SetXAttr(NativePath path, NativePath name, ReadOnlySpan<byte> value)
    {
        if (TrySetXAttr(path, name, value) is int errno and not 0)
        {
            throw new LinuxException($"lsetxattr({name})", errno, path.ToString());
        }
    }

    /// <summary>Removes an extended attribute if it is there.</summary>
    public static void RemoveXAttr(NativePath path, NativePath name)
    {
        fixed (byte* p = path.Terminated, n = name.Terminated)
        {
            if (lremovexattr(p, n) < 0 && Marshal.GetLastPInvokeError() is not LinuxException.ENODATA)
            {
                throw Failure($"lremovexattr({name})", path);
            }
        }
    }

    /// <summary>An extended attribute's value, or null when it is not there or the file system has none.</summary>
    public static byte[]? GetXAttr(NativePath path, NativePath name) => GetXAttr(null, path, name);

    /// <summary>An extended attribute of an open file, or null.</summary>
    public static byte[]? GetXAttr(SafeFileHandle file, NativePath name) => GetXAttr(file, default, name);

    private static byte[]? GetXAttr(SafeFileHandle? file, NativePath path, NativePath name)
    {
        fixed (byte* p = path.Terminated, n = name.Terminated)
        {
            byte* small = stackalloc byte[256];
            nint length = Get(p, n, small, 256);
            if (length >= 0)
            {
                return new ReadOnlySpan<byte>(small, (int)length).ToArray();
            }
            if (Marshal.GetLastPInvokeError() == LinuxException.ERANGE)
            {
                byte[] large = new byte[64 << 10]; // XATTR_SIZE_MAX, linux/limits.h
                fixed (byte* l = large)
                {
                    length = Get(p, n, l, (nuint)large.Length);
                }
                if (length >= 0)
                {
                    return large[..(int)length];
                }
            }
            return Marshal.GetLastPInvokeError() is LinuxException.ENODATA or LinuxException.EOPNOTSUPP
                ? null
                : throw Failure($"getxattr({name})", path);
        }

        nint Get(byte* p, byte* n, byte* value, nuint size) => file is null ? lgetxattr(p, n, value, size) : fgetxattr(file, n, value, size);
    }

    /// <summary>The names of the extended attributes, in the file system's order.</summary>
    public static List<NativePath> ListXAttrs(NativePath path) => ListXAttrs(null, path);

    /// <summary>The same of an open file, which is quicker: no path is looked up.</summary>
    public static List<NativePath> ListXAttrs(SafeFileHandle file) => ListXAttrs(file, default);

    private static List<NativePath> ListXAttrs(SafeFileHandle? file, NativePath path)
    {
        const int Size = 64 << 10; // XATTR_LIST_MAX, linux/limits.h
        byte* list = stackalloc byte[1024];
        List<NativePath> names = [];
        fixed (byte* p = path.Terminated)
        {
            nint length = List(p, list, 1024);
            if (length >= 0)
            {
                Split(new ReadOnlySpan<byte>(list, (int)length), names);
                return names;
            }
            if (Marshal.GetLastPInvokeError() == LinuxException.EOPNOTSUPP)
            {
                return names;
            }
            byte[] large = new byte[Size];
            fixed (byte* l = large)
            {
                length = List(p, l, Size);
            }
            if (length < 0)
            {
                throw Failure("listxattr", path);
            }
            Split(large.AsSpan(0, (int)length), names);
            return names;
        }

        nint List(byte* p, byte* found, nuint size) => file is null ? llistxattr(p, found, size) : flistxattr(file, found, size);
    }

    private static void Split(ReadOnlySpan<byte> list, List<NativePath> names)
    {
        while (list.IndexOf((byte)0) is int end and >= 0)
        {
            names.Add(NativePath.From(list[..end]));
            list = list[(end + 1)..];
        }
    }
}
