using LayerImage.Engine.Interop;
using LayerImage.Engine.Interop.Libc;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>
/// Reads what the upper layers of a union change of those below: only what is in the upper ones is looked at,
/// and for each path the one entry below that it hides. Nothing is read of any file.
/// </summary>
internal sealed class LayerChanges
{
    private static readonly FileStatus s_whiteout = new() { Mode = (ushort)FileType.CharacterDevice };
    private readonly List<ChangedPath> _changes = [];
    private readonly string? _container;
    private readonly CancellationToken _cancellationToken;

    private LayerChanges(string? container, CancellationToken cancellationToken)
    {
        _container = container;
        _cancellationToken = cancellationToken;
    }

    /// <summary>All changes, sorted by path.</summary>
    /// <param name="uppers">The directories that hold the changes, the top one first.</param>
    /// <param name="lowerDirs">The layers below, the top one first.</param>
    /// <param name="container">A name to put on the changes.</param>
    /// <param name="cancellationToken">Ends the walk.</param>
    public static IReadOnlyList<LayerChange> Read(IReadOnlyList<string> uppers, IReadOnlyList<string> lowerDirs, string? container, CancellationToken cancellationToken) =>
        [.. ReadPaths(uppers, lowerDirs, container, cancellationToken).Select(change => change.Change)];

    /// <summary>The same, each with its exact path.</summary>
    public static IReadOnlyList<ChangedPath> ReadPaths(IReadOnlyList<string> uppers, IReadOnlyList<string> lowerDirs, string? container, CancellationToken cancellationToken)
    {
        LayerChanges reader = new(container, cancellationToken);
        using StackedDirectory root = StackedDirectory.Open(uppers);
        List<SafeFileHandle> lowers = lowerDirs.Select(path => Libc.OpenDirectory(path)).ToList();
        try
        {
            reader.Walk(root, lowers, [], isHidden: false);
        }
        finally
        {
            lowers.ForEach(lower => lower.Dispose());
        }
        return reader._changes;
    }

    // A directory that is made anew in an opaque one has no mark of its own and hides what is below it all the same.
    private void Walk(StackedDirectory directory, List<SafeFileHandle> lowers, ReadOnlySpan<byte> prefix, bool isHidden)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        isHidden |= directory.IsOpaque;
        List<StackedEntry> entries = directory.Read(mayChange: true);
        if (isHidden)
        {
            // All that the layers below had here and that is not here again is gone.
            HashSet<string> seen = [.. entries.Select(entry => Key(entry.Name))];
            entries.AddRange(UnionNames(lowers).Where(name => seen.Add(Key(name))).Select(name => new StackedEntry(name, s_whiteout, 0)));
            entries.Sort(static (a, b) => a.Name.Bytes.SequenceCompareTo(b.Name.Bytes));
        }
        foreach (StackedEntry entry in entries)
        {
            NativePath path = NativePath.From([.. prefix, .. entry.Name.Bytes]);
            FileStatus? before = UnionLookup.Find(lowers, entry.Name);
            if (entry.Status.IsWhiteout)
            {
                if (before is FileStatus gone)
                {
                    _changes.Add(new ChangedPath(new LayerChange { Path = $"/{path}", Kind = LayerChangeKind.Deleted, Type = TypeOf(gone), SizeBefore = SizeOf(gone), ContainerName = _container }, path));
                }
                continue;
            }
            if (before is not FileStatus old || !IsSameDirectory(old, entry.Status))
            {
                _changes.Add(new ChangedPath(Describe($"/{path}", entry.Status, before), path));
            }
            if (entry.Status.Type == FileType.Directory && path.Bytes.Length <= LayerPath.LongestPath)
            {
                Descend(directory, entry, lowers, path, isHidden);
            }
        }
    }

    private void Descend(StackedDirectory directory, in StackedEntry entry, List<SafeFileHandle> lowers, NativePath path, bool isHidden)
    {
        using StackedDirectory child = directory.OpenDirectory(entry);
        List<SafeFileHandle> below = UnionLookup.OpenDirectories(lowers, entry.Name);
        try
        {
            Walk(child, below, [.. path.Bytes, (byte)'/'], isHidden);
        }
        finally
        {
            below.ForEach(handle => handle.Dispose());
        }
    }

    private LayerChange Describe(string path, in FileStatus status, FileStatus? before) => new()
    {
        Path = path,
        Kind = before is null ? LayerChangeKind.Added : LayerChangeKind.Modified,
        Type = TypeOf(status),
        Size = SizeOf(status),
        SizeBefore = before is FileStatus old ? SizeOf(old) : null,
        Mode = Convert.ToString(status.Permissions, 8).PadLeft(4, '0'),
        Owner = $"{status.Uid}:{status.Gid}",
        ModifiedAt = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(status.ModifiedSeconds, -62135596800, 253402300799)).AddTicks(status.ModifiedNanoseconds / 100),
        ContainerName = _container,
    };

    // A directory is in the upper as soon as anything in it is; it was changed itself only when it looks different.
    private static bool IsSameDirectory(in FileStatus old, in FileStatus now) => old.Type == FileType.Directory && now.Type == FileType.Directory
        && (old.Permissions, old.Uid, old.Gid, old.ModifiedSeconds, old.ModifiedNanoseconds) == (now.Permissions, now.Uid, now.Gid, now.ModifiedSeconds, now.ModifiedNanoseconds);

    private static IEnumerable<NativePath> UnionNames(List<SafeFileHandle> lowers)
    {
        foreach (SafeFileHandle lower in lowers)
        {
            using SafeFileHandle fresh = Libc.OpenAt(lower, NativePath.From("."u8), OpenFlags.ReadOnly | OpenFlags.Directory);
            foreach (NativePath name in Libc.ReadDirectory(fresh))
            {
                yield return name;
            }
        }
    }

    private static string Key(NativePath name) => System.Text.Encoding.Latin1.GetString(name.Bytes);

    private static long SizeOf(in FileStatus status) => status.Type == FileType.Regular ? (long)status.Size : 0;

    private static LayerItemType TypeOf(in FileStatus status) => status.Type switch
    {
        FileType.Regular => LayerItemType.File,
        FileType.Directory => LayerItemType.Directory,
        FileType.SymbolicLink => LayerItemType.SymbolicLink,
        _ => LayerItemType.Special,
    };
}
