using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Runtime;

/// <summary>
/// Looks into a container's root file system from outside. Its content is hostile: every path is resolved by the
/// kernel beneath the root (openat2 RESOLVE_IN_ROOT), so a symbolic link to /etc/shadow is the container's own;
/// files are read up to a limit, and only regular ones (a FIFO would hold the reader for ever).
/// </summary>
internal sealed class ContainerRoot : IDisposable
{
    private readonly SafeFileHandle _root;
    private readonly string _path;

    /// <exception cref="LinuxException">The folder cannot be opened.</exception>
    public ContainerRoot(string path)
    {
        _path = path;
        _root = Libc.Open(path, OpenFlags.PathOnly | OpenFlags.Directory);
    }

    /// <summary>A small text file's lines; none when it does not exist or is not a regular file.</summary>
    /// <exception cref="LayerImageException"><see cref="EngineError.PathInvalid"/>: it is larger than the limit.</exception>
    public IReadOnlyList<string> ReadLines(string path, int limit)
    {
        using SafeFileHandle? place = Libc.TryOpenAt2(_root, path, OpenFlags.PathOnly, Resolve, out _);
        FileStatus status = default;
        using SafeFileHandle? file = place is null ? null : RegularFile.TryOpen(place, out status);
        if (file is null)
        {
            return [];
        }
        if (status.Size > (ulong)limit)
        {
            throw new LayerImageException(EngineError.PathInvalid, $"The container's file {path} has {status.Size} bytes, more than the {limit} that are read.") { Target = path };
        }
        using FileStream stream = new(file, FileAccess.Read, bufferSize: 0);
        byte[] bytes = new byte[status.Size];
        int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, length).Split('\n');
    }

    /// <summary>
    /// The root's own /dev/null, opened for reading and writing; null when it has none. What is in its place is not opened: the
    /// container may have put any device there.
    /// </summary>
    public SafeFileHandle? OpenNull()
    {
        using SafeFileHandle? place = Libc.TryOpenAt2(_root, "/dev/null", OpenFlags.PathOnly, Resolve, out _);
        return place is not null && Libc.Stat(place) is { Type: FileType.CharacterDevice, DeviceMajor: 1, DeviceMinor: 3 } ? RegularFile.Reopen(place, OpenFlags.ReadWrite) : null;
    }

    /// <summary>The st_mode of what a path leads to (symbolic links followed inside the root), or null and the errno.</summary>
    public int? Mode(string path, out int errno)
    {
        using SafeFileHandle? file = Libc.TryOpenAt2(_root, path, OpenFlags.PathOnly, Resolve, out errno);
        return file is null ? null : Libc.Stat(file).Mode;
    }

    /// <summary>A path is missing because a symbolic link on the way leads nowhere in this root (it may lead into a volume).</summary>
    public bool EndsAtBrokenLink(string path)
    {
        string prefix = "";
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            prefix += "/" + name;
            if (Mode(prefix, out _) is null)
            {
                using SafeFileHandle? link = Libc.TryOpenAt2(_root, prefix, OpenFlags.PathOnly | OpenFlags.NoFollow, Resolve, out _);
                return link is not null;
            }
        }
        return false;
    }

    /// <summary>Makes a folder and its missing parents, as docker does for the working directory. Idempotent.</summary>
    /// <exception cref="LayerImageException">A part of the path is a file, or the file system cannot be written.</exception>
    public void EnsureDirectory(string path)
    {
        SafeFileHandle parent = Libc.FcntlDupFd(_root, 0);
        string prefix = "";
        try
        {
            foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                prefix += "/" + name;
                // From the root each time: ".." and links are then the kernel's business.
                SafeFileHandle? next = OpenDirectory(prefix, out int errno);
                if (next is null && errno == LinuxException.ENOENT)
                {
                    if (Libc.TryMkdirAt(parent, name, 0x1ED))
                    {
                        Libc.ChmodAt(parent, name, 0x1ED /* 0755, whatever umask the session has */);
                    }
                    next = OpenDirectory(prefix, out errno);
                }
                parent.Dispose();
                parent = next ?? throw new LayerImageException(EngineError.PathInvalid, $"The working directory {path} cannot be made in {_path}: {prefix} is not a folder (errno {errno}).")
                {
                    Target = path,
                    Advice = "Choose another working directory, or correct the image.",
                };
            }
        }
        finally
        {
            parent.Dispose();
        }
    }

    /// <summary>Closes the root.</summary>
    public void Dispose() => _root.Dispose();

    private const Libc.Resolve Resolve = Libc.Resolve.InRoot;

    private SafeFileHandle? OpenDirectory(string path, out int errno)
        => Libc.TryOpenAt2(_root, path, OpenFlags.PathOnly | OpenFlags.Directory, Resolve, out errno);
}
