using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>An entry of a union.</summary>
/// <param name="Status">What it is.</param>
/// <param name="Parent">The directory of the layer that has it; good as long as the union directory.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Layer">Which layer.</param>
internal readonly record struct UnionEntry(FileStatus Status, SafeFileHandle Parent, NativePath Name, string Layer)
{
    public bool IsDirectory => Status.Type == FileType.Directory;
}

/// <summary>
/// One directory of a union without a mount: those of its layers' directories that are visible there, the top one first.
/// What a running container deletes meanwhile counts as not there.
/// </summary>
internal sealed class UnionDirectory : IDisposable
{
    private readonly List<(SafeFileHandle Handle, string Layer)> _parts;

    private UnionDirectory(List<(SafeFileHandle, string)> parts) => _parts = parts;

    /// <summary>Opens the root of a union.</summary>
    /// <param name="directories">The layers, the top one first.</param>
    public static UnionDirectory OpenRoot(IReadOnlyList<string> directories)
    {
        UnionDirectory root = new([]);
        try
        {
            foreach (string directory in UnionLookup.Visible(directories))
            {
                root._parts.Add((Libc.OpenDirectory(directory), directory));
            }
            return root;
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    /// <summary>The entry of that name that the union shows, or null.</summary>
    public UnionEntry? Find(NativePath name)
    {
        foreach ((SafeFileHandle handle, string layer) in _parts)
        {
            if (Libc.TryStatAt(handle, name, out FileStatus status))
            {
                return status.IsWhiteout ? null : new UnionEntry(status, handle, name, layer);
            }
        }
        return null;
    }

    /// <summary>The directory of that name, or null when there is none.</summary>
    public UnionDirectory? Open(NativePath name)
    {
        UnionDirectory child = new([]);
        try
        {
            foreach ((SafeFileHandle handle, string layer) in _parts)
            {
                if (!Libc.TryStatAt(handle, name, out FileStatus status))
                {
                    continue;
                }
                if (status.Type != FileType.Directory || TryOpen(handle, name) is not SafeFileHandle opened)
                {
                    break; // a file or a whiteout hides what is below it
                }
                child._parts.Add((opened, layer));
                if (OverlayForm.IsOpaque(opened))
                {
                    break;
                }
            }
            return child._parts.Count > 0 ? child : null;
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

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

    /// <summary>How many directories it has.</summary>
    public int Count => _parts.Count;

    /// <summary>The names in all its directories but some of the lowest, whiteouts among them.</summary>
    public IEnumerable<NativePath> Names(int without)
    {
        foreach ((SafeFileHandle handle, _) in _parts[..^without])
        {
            // Anew: another walk may have read from the handle.
            using SafeFileHandle? fresh = TryOpen(handle, NativePath.From("."u8));
            foreach (NativePath name in fresh is null ? [] : Libc.ReadDirectory(fresh))
            {
                yield return name;
            }
        }
    }

    public void Dispose() => _parts.ForEach(part => part.Handle.Dispose());

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
}
