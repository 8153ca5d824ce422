using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Opens directories beneath a root that hostile names cannot leave. Walks one component at a time without following
/// symbolic links and keeps the handles of the last path open, so that a tar in directory order costs one open for
/// each directory. A link that the layer itself made is followed inside the root, which is "/" to it and its own "..", as in
/// a container. Not thread-safe.
/// </summary>
internal sealed class BeneathRoot(SafeFileHandle root) : IDisposable
{
    private readonly List<(NativePath Name, SafeFileHandle Handle)> _open = [];
    private readonly List<bool> _hides = []; // of the root and those open, as far as it was asked
    private readonly Stack<(int Depth, NativePath[] Target)> _links = []; // which of those open are links, and what they lead to

    public SafeFileHandle Root { get; } = root;

    /// <summary>
    /// Whether nothing of lower layers shows where the last opened directory is: one above it hides all below itself. Good for a
    /// tree that does not change any more.
    /// </summary>
    public bool IsHidden
    {
        get
        {
            for (int depth = _hides.Count; depth < _open.Count; depth++)
            {
                _hides.Add((depth > 0 && _hides[depth - 1]) || OverlayForm.IsOpaque(depth == 0 ? Root : _open[depth - 1].Handle));
            }
            return _open.Count > 0 && _hides[_open.Count - 1];
        }
    }

    /// <summary>Whether the way to the last opened directory goes through a link.</summary>
    public bool IsThroughLink => _links.Count > 0;

    /// <summary>Where a name in the last opened directory really is: the way through links is not part of it.</summary>
    public LayerPath Locate(NativePath name)
    {
        (int from, NativePath[] target) = _links.TryPeek(out (int Depth, NativePath[] Target) link) ? (link.Depth + 1, link.Target) : (0, []);
        return LayerPath.Of([.. target, .. _open.Skip(from).Select(level => level.Name), name]);
    }

    /// <summary>
    /// The directory of a path. Missing ones are made by <paramref name="make"/>, which is told the parent and
    /// where the new one really is; null: a missing one yields null. The handle belongs to this object and is good until the next call.
    /// </summary>
    public SafeFileHandle? Open(ReadOnlySpan<NativePath> path, Action<SafeFileHandle, LayerPath>? make)
    {
        int common = 0;
        while (common < _open.Count && common < path.Length && _open[common].Name.Bytes.SequenceEqual(path[common].Bytes))
        {
            common++;
        }
        Close(common);
        for (int depth = common; depth < path.Length; depth++)
        {
            SafeFileHandle parent = depth == 0 ? Root : _open[depth - 1].Handle;
            SafeFileHandle? child = OpenChild(parent, path, depth, make);
            if (child is null)
            {
                if (make is null)
                {
                    return null;
                }
                make(parent, Locate(path[depth]));
                child = OpenChild(parent, path, depth, make) ?? throw new LinuxException("openat", LinuxException.ENOENT, path[depth].ToString());
            }
            _open.Add((path[depth], child));
        }
        return path.Length == 0 ? Root : _open[^1].Handle;
    }

    /// <summary>Forgets the open handles: a directory on the way may have been removed.</summary>
    public void Forget() => Close(0);

    public void Dispose() => Close(0);

    private SafeFileHandle? OpenChild(SafeFileHandle parent, ReadOnlySpan<NativePath> path, int depth, Action<SafeFileHandle, LayerPath>? make)
    {
        try
        {
            return Libc.OpenAt(parent, path[depth], OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT)
        {
            return null;
        }
        catch (LinuxException e) when (e.Errno is LinuxException.ENOTDIR or LinuxException.ELOOP)
        {
            if (Libc.TryStatAt(parent, path[depth], out FileStatus status) && status.IsWhiteout)
            {
                return null; // as good as not there
            }
            SafeFileHandle? target = OpenThroughLink(path[..(depth + 1)], make);
            if (target is not null)
            {
                _links.Push((depth, Resolve(target) ?? path[..(depth + 1)].ToArray()));
            }
            return target;
        }
    }

    // The kernel follows it. Null: what it leads to is not there and is not to be made.
    private SafeFileHandle? OpenThroughLink(ReadOnlySpan<NativePath> path, Action<SafeFileHandle, LayerPath>? make)
    {
        byte[] joined = Join(path);
        if (joined.Length > LayerPath.LongestCall)
        {
            throw LayerPath.RefuseLongLink(path);
        }
        SafeFileHandle? handle = Libc.TryOpenAt2(Root, NativePath.From(joined), OpenFlags.ReadOnly | OpenFlags.Directory, Libc.Resolve.InRoot, out int errno);
        return (handle, errno) switch
        {
            (not null, _) => handle,
            // To the kernel a deleted directory on the way is a device.
            (_, LinuxException.ENOENT or LinuxException.ENOTDIR or LinuxException.ELOOP) => OpenStepByStep(path, make),
            _ => throw LayerPath.Refuse(string.Join('/', path.ToArray()), $"its path cannot be opened (errno {errno})"),
        };
    }

    // A link to what only a lower layer has, or what comes later. The kernel makes nothing on the way, so each step is ours.
    private SafeFileHandle? OpenStepByStep(ReadOnlySpan<NativePath> path, Action<SafeFileHandle, LayerPath>? make)
    {
        Stack<NativePath> left = new();
        Push(left, path);
        Stack<(NativePath Name, SafeFileHandle Handle)> way = new();
        try
        {
            for (int links = 0; left.TryPop(out NativePath name);)
            {
                if (name.Bytes.SequenceEqual(".."u8))
                {
                    if (way.TryPop(out (NativePath Name, SafeFileHandle Handle) behind))
                    {
                        behind.Handle.Dispose();
                    }
                    continue;
                }
                if (way.Count == LayerPath.MostDepth || name.Bytes.Length > LayerPath.LongestName)
                {
                    throw NoDirectory(path);
                }
                SafeFileHandle parent = way.TryPeek(out (NativePath Name, SafeFileHandle Handle) last) ? last.Handle : Root;
                if (!Libc.TryStatAt(parent, name, out FileStatus status) || status.IsWhiteout)
                {
                    if (make is null)
                    {
                        return null;
                    }
                    make(parent, LayerPath.Of([.. way.Reverse().Select(step => step.Name), name]));
                }
                else if (status.Type == FileType.SymbolicLink)
                {
                    NativePath target = Libc.ReadLinkAt(parent, name);
                    if (++links > LinkedPath.MostLinks)
                    {
                        throw NoDirectory(path);
                    }
                    if (target.Bytes.StartsWith("/"u8))
                    {
                        Leave(way);
                    }
                    Push(left, Split(target));
                    continue;
                }
                else if (status.Type != FileType.Directory)
                {
                    throw NoDirectory(path);
                }
                way.Push((name, Libc.OpenAt(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow)));
            }
            return way.TryPop(out (NativePath Name, SafeFileHandle Handle) end) ? end.Handle : Libc.OpenAt(Root, NativePath.From("."u8), OpenFlags.ReadOnly | OpenFlags.Directory);
        }
        finally
        {
            Leave(way);
        }
    }

    private static void Leave(Stack<(NativePath Name, SafeFileHandle Handle)> way)
    {
        while (way.TryPop(out (NativePath Name, SafeFileHandle Handle) step))
        {
            step.Handle.Dispose();
        }
    }

    private static void Push(Stack<NativePath> left, ReadOnlySpan<NativePath> steps)
    {
        for (int i = steps.Length - 1; i >= 0; i--)
        {
            left.Push(steps[i]);
        }
    }

    private static NativePath[] Split(NativePath target)
    {
        List<NativePath> steps = [];
        for (ReadOnlySpan<byte> rest = target.Bytes; rest.Length > 0;)
        {
            int slash = rest.IndexOf((byte)'/');
            ReadOnlySpan<byte> step = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? [] : rest[(slash + 1)..];
            if (step.Length > 0 && !step.SequenceEqual("."u8))
            {
                steps.Add(NativePath.From(step));
            }
        }
        return [.. steps];
    }

    private static LayerImageException NoDirectory(ReadOnlySpan<NativePath> path) => LayerPath.Refuse(string.Join('/', path.ToArray()), "a part of its path is not a directory");

    // The kernel knows the names of what is open. Null: further down than it can say.
    private NativePath[]? Resolve(SafeFileHandle directory)
    {
        try
        {
            ReadOnlySpan<byte> top = PathOf(Root), path = PathOf(directory);
            return !path.StartsWith(top) ? null : path.Length == top.Length ? [] : LayerPath.Parse(NativePath.From(path[top.Length..])).Components;
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private static byte[] PathOf(SafeFileHandle handle) => Libc.ReadLinkAt(handle, $"/proc/self/fd/{handle.DangerousGetHandle()}").Bytes.ToArray();

    private static byte[] Join(ReadOnlySpan<NativePath> path)
    {
        List<byte> joined = [];
        foreach (NativePath component in path)
        {
            if (joined.Count > 0)
            {
                joined.Add((byte)'/');
            }
            joined.AddRange(component.Bytes);
        }
        return [.. joined];
    }

    private void Close(int keep)
    {
        for (int i = _open.Count - 1; i >= keep; i--)
        {
            _open[i].Handle.Dispose();
            _open.RemoveAt(i);
        }
        while (_links.TryPeek(out (int Depth, NativePath[] Target) link) && link.Depth >= keep)
        {
            _links.Pop();
        }
        if (_hides.Count > keep + 1)
        {
            _hides.RemoveRange(keep + 1, _hides.Count - keep - 1);
        }
    }
}
