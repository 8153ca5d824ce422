using System.Text;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>An entry of a union: what the upper-most layer that has the name has there.</summary>
/// <param name="Status">What it is; a whiteout where that layer deletes it.</param>
/// <param name="Parent">The directory of the layer that has it; good as long as the union directory.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Layer">Which layer.</param>
internal readonly record struct UnionEntry(FileStatus Status, SafeFileHandle Parent, NativePath Name, string Layer)
{
    public bool IsDirectory => Status.Type == FileType.Directory;
}

/// <summary>
/// One directory of a union without a mount: those of its layers' directories that are visible there, the top one first. With its
/// whiteouts it is the directory of one layer that has the same effect: a container's changes are such a union, once its upper
/// directory has become a layer and a new one has begun. What a running container deletes meanwhile counts as not there.
/// </summary>
internal sealed class UnionDirectory : IDisposable
{
    private readonly List<Part> _parts = [];

    private UnionDirectory()
    {
    }

    /// <summary>How many directories it has.</summary>
    public int Count => _parts.Count;

    /// <summary>The upper-most directory, whose attributes are the union's.</summary>
    public SafeFileHandle Top => _parts[0].Handle;

    /// <summary>Whether it hides all that layers below these have there.</summary>
    public bool IsOpaque { get; private set; }

    /// <summary>Opens the root of a union.</summary>
    /// <param name="directories">The layers, the top one first.</param>
    public static UnionDirectory OpenRoot(IEnumerable<string> directories) =>
        Merge(directories, directory => new Part(Libc.OpenDirectory(directory), directory));

    /// <summary>How many of the lowest directories two unions have in common: what only those have is equal.</summary>
    public static int CountShared(UnionDirectory? one, UnionDirectory? other)
    {
        int shared = 0;
        if (one is not null && other is not null)
        {
            while (shared < Math.Min(one._parts.Count, other._parts.Count) && one._parts[^(shared + 1)].Layer == other._parts[^(shared + 1)].Layer)
            {
                shared++;
            }
        }
        return shared;
    }

    /// <summary>The entry of that name that the union shows, or null.</summary>
    public UnionEntry? Find(NativePath name)
    {
        foreach (UnionEntry entry in Entries(name, from: 0))
        {
            return entry.Status.IsWhiteout ? null : entry;
        }
        return null;
    }

    /// <summary>The directory of that name, or null when there is none.</summary>
    public UnionDirectory? Open(NativePath name) => Open(name, from: 0);

    /// <summary>The directory of a path, which has a name at least; null where none shows. No link is followed.</summary>
    public UnionDirectory? Open(ReadOnlySpan<NativePath> path)
    {
        UnionDirectory? directory = Open(path[0]);
        foreach (NativePath name in path[1..])
        {
            using UnionDirectory? above = directory;
            directory = above?.Open(name);
        }
        return directory;
    }

    /// <summary>The directory that an entry is, or null when it is none any more.</summary>
    public UnionDirectory? Open(UnionEntry entry) => Open(entry.Name, _parts.FindIndex(part => part.Handle == entry.Parent));

    /// <summary>The names in all its directories but some of the lowest, whiteouts among them.</summary>
    public IEnumerable<NativePath> Names(int without)
    {
        foreach (Part part in _parts[..^without])
        {
            // Anew: another walk may have read from the handle.
            using SafeFileHandle? fresh = TryOpen(part.Handle, NativePath.From("."u8));
            foreach (NativePath name in fresh is null ? [] : Libc.ReadDirectory(fresh))
            {
                yield return name;
            }
        }
    }

    /// <summary>Its entries, whiteouts among them, sorted by the bytes of their names: the disk's order tells nothing.</summary>
    /// <param name="mayChange">Whether names may vanish while it is read; else that is an error.</param>
    public List<UnionEntry> Read(bool mayChange)
    {
        List<UnionEntry> entries = [];
        HashSet<string>? seen = _parts.Count > 1 ? [] : null;
        foreach (Part part in _parts)
        {
            foreach (NativePath name in Libc.ReadDirectory(part.Handle))
            {
                if (seen is not null && !seen.Add(Encoding.Latin1.GetString(name.Bytes)))
                {
                    continue;
                }
                if (Libc.TryStatAt(part.Handle, name, out FileStatus status))
                {
                    entries.Add(new UnionEntry(status, part.Handle, name, part.Layer));
                }
                else if (!mayChange)
                {
                    throw new LinuxException("statx", LinuxException.ENOENT, name.ToString());
                }
            }
        }
        entries.Sort(static (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
        return entries;
    }

    public void Dispose() => _parts.ForEach(part => part.Handle.Dispose());

    private UnionDirectory? Open(NativePath name, int from)
    {
        UnionDirectory child = Merge(Entries(name, from),
            entry => entry.IsDirectory && TryOpen(entry.Parent, name) is SafeFileHandle handle ? new Part(handle, entry.Layer) : null);
        return child.Count > 0 ? child : null;
    }

    private static UnionDirectory Merge<TEntry>(IEnumerable<TEntry> sameName, Func<TEntry, Part?> open)
    {
        UnionDirectory merged = new();
        try
        {
            merged.IsOpaque = UnionRule.Merge(sameName, open, part => OverlayForm.IsOpaque(part.Handle), merged._parts);
            return merged;
        }
        catch
        {
            merged.Dispose();
            throw;
        }
    }

    private IEnumerable<UnionEntry> Entries(NativePath name, int from)
    {
        for (int i = from; i < _parts.Count; i++)
        {
            if (Libc.TryStatAt(_parts[i].Handle, name, out FileStatus status))
            {
                yield return new UnionEntry(status, _parts[i].Handle, name, _parts[i].Layer);
            }
        }
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle directory, NativePath name)
    {
        try
        {
            return Libc.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        }
        catch (LinuxException e) when (e.Errno is LinuxException.ENOENT or LinuxException.ENOTDIR or LinuxException.ELOOP)
        {
            return null;
        }
    }

    private sealed record Part(SafeFileHandle Handle, string Layer);
}
