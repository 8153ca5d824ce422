using System.Text.Unicode;
using LayerImage.Engine.Errors;
using LayerImage.Engine.Interop.Libc;
using LayerImage.Engine.IO;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Layers;

/// <summary>Says what is different between two entries. Attributes are compared first; a file is read only if it must be.</summary>
internal sealed class ChangeDescriber(LayerCompareOptions options, string? container, CancellationToken cancellationToken)
{
    private readonly byte[] _buffer = new byte[1 << 18];

    /// <summary>The change, or null when there is none and equal paths are not asked for.</summary>
    /// <param name="path">The path's bytes.</param>
    /// <param name="before">The entry that was; null when there was none.</param>
    /// <param name="after">The entry that is; null when there is none.</param>
    /// <param name="ignored">What does not count.</param>
    public LayerChange? Describe(ReadOnlySpan<byte> path, in UnionEntry? before, in UnionEntry? after, LayerChangeAttributes ignored)
    {
        if (before is not UnionEntry old)
        {
            return after is UnionEntry added ? WithHash(Make(path, null, added, LayerChangeKind.Added, LayerChangeAttributes.None), null, added) : null;
        }
        if (after is not UnionEntry now)
        {
            return WithHash(Make(path, old, null, LayerChangeKind.Deleted, LayerChangeAttributes.None), old, null);
        }
        if (old.Layer == now.Layer)
        {
            return options.IncludeEqual ? Make(path, old, now, LayerChangeKind.Equal, LayerChangeAttributes.None) : null;
        }
        LayerChangeAttributes differences = Compare(old, now) & ~ignored;
        (string? oldHash, string? newHash) = (null, null);
        if (MustRead(old, now, differences))
        {
            (oldHash, newHash) = (Hash(old), Hash(now));
            differences = oldHash == newHash ? differences & ~LayerChangeAttributes.Content : differences | LayerChangeAttributes.Content;
        }
        if (differences == LayerChangeAttributes.None)
        {
            return options.IncludeEqual ? Make(path, old, now, LayerChangeKind.Equal, differences) with { Hash = newHash, HashBefore = oldHash } : null;
        }
        LayerChange change = Make(path, old, now, LayerChangeKind.Modified, differences) with { Hash = newHash, HashBefore = oldHash };
        return oldHash is null ? WithHash(change, old, now) : change;
    }

    private bool MustRead(in UnionEntry old, in UnionEntry now, LayerChangeAttributes differences) =>
        (old.Status.Type, now.Status.Type) == (FileType.Regular, FileType.Regular) && old.Status.Size == now.Status.Size
        && (options.Content == ContentComparison.Always || (options.Content == ContentComparison.WhenUnsure && differences == LayerChangeAttributes.None));

    private static LayerChangeAttributes Compare(in UnionEntry old, in UnionEntry now)
    {
        FileStatus a = old.Status, b = now.Status;
        LayerChangeAttributes found = LayerChangeAttributes.None;
        void Note(LayerChangeAttributes attribute, bool differs) => found |= differs ? attribute : LayerChangeAttributes.None;
        bool sameType = a.Type == b.Type, files = sameType && a.Type == FileType.Regular;
        bool time = (a.ModifiedSeconds, a.ModifiedNanoseconds) != (b.ModifiedSeconds, b.ModifiedNanoseconds);
        Note(LayerChangeAttributes.Type, !sameType);
        Note(LayerChangeAttributes.Mode, a.Permissions != b.Permissions);
        Note(LayerChangeAttributes.Owner, (a.Uid, a.Gid) != (b.Uid, b.Gid));
        Note(LayerChangeAttributes.Time, time);
        Note(LayerChangeAttributes.Size, files && a.Size != b.Size);
        Note(LayerChangeAttributes.Content, files && (a.Size != b.Size || time));
        Note(LayerChangeAttributes.Device, sameType && a.Type is FileType.CharacterDevice or FileType.BlockDevice && (a.DeviceMajor, a.DeviceMinor) != (b.DeviceMajor, b.DeviceMinor));
        Note(LayerChangeAttributes.LinkTarget, sameType && a.Type == FileType.SymbolicLink && !Link(old).AsSpan().SequenceEqual(Link(now)));
        Note(LayerChangeAttributes.XAttr, !XAttrs(old).SequenceEqual(XAttrs(now)));
        return found;
    }

    private LayerChange WithHash(LayerChange change, in UnionEntry? before, in UnionEntry? after) => options.Content != ContentComparison.Always ? change : change with
    {
        Hash = after is UnionEntry now ? Hash(now) : null,
        HashBefore = before is UnionEntry old ? Hash(old) : null,
    };

    private LayerChange Make(ReadOnlySpan<byte> path, in UnionEntry? before, in UnionEntry? after, LayerChangeKind kind, LayerChangeAttributes differences)
    {
        LayerChange change = new()
        {
            Path = PathText.Of(path),
            RawPath = Utf8.IsValid(path) ? null : path.ToArray(),
            Kind = kind,
            Differences = differences,
            Type = TypeOf((after ?? before)!.Value.Status),
            ContainerName = container,
        };
        if (before is UnionEntry old)
        {
            change = change with
            {
                TypeBefore = TypeOf(old.Status),
                SizeBefore = SizeOf(old.Status),
                ModeBefore = ModeOf(old.Status),
                OwnerBefore = OwnerOf(old.Status),
                ModifiedAtBefore = TimeOf(old.Status),
                LinkTargetBefore = LinkText(old),
            };
        }
        return after is not UnionEntry now ? change : change with
        {
            Size = SizeOf(now.Status),
            Mode = ModeOf(now.Status),
            Owner = OwnerOf(now.Status),
            ModifiedAt = TimeOf(now.Status),
            LinkTarget = LinkText(now),
        };
    }

    private string? Hash(in UnionEntry entry)
    {
        // It may be gone, or have become something else since it was looked at: a container runs meanwhile.
        if (entry.Status.Type != FileType.Regular || RegularFile.TryOpen(entry.Parent, entry.Name, out FileStatus opened) is not SafeFileHandle file)
        {
            return null;
        }
        using (file)
        {
            return "sha256:" + Convert.ToHexStringLower(FileHash.Of(file, (long)opened.Size, _buffer, cancellationToken));
        }
    }

    private static IEnumerable<string> XAttrs(in UnionEntry entry)
    {
        try
        {
            return [.. LayerTreeWalker.ReadXAttrs(Libc.ThroughDescriptor(entry.Parent, entry.Name)).Select(attribute => $"{Convert.ToHexString(attribute.Name.Bytes)}={Convert.ToHexString(attribute.Value)}")];
        }
        catch (LinuxException e) when (e.Errno == LinuxException.ENOENT)
        {
            return [];
        }
    }

    private static byte[] Link(in UnionEntry entry)
    {
        try
        {
            return Libc.ReadLinkAt(entry.Parent, entry.Name).Bytes.ToArray();
        }
        catch (LinuxException e) when (e.Errno is LinuxException.ENOENT or LinuxException.EINVAL)
        {
            return [];
        }
    }

    private static string? LinkText(in UnionEntry entry) => entry.Status.Type == FileType.SymbolicLink ? PathText.Of(Link(entry)) : null;

    private static string ModeOf(in FileStatus status) => Convert.ToString(status.Permissions, 8).PadLeft(4, '0');

    private static string OwnerOf(in FileStatus status) => $"{status.Uid}:{status.Gid}";

    private static DateTimeOffset TimeOf(in FileStatus status) =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(status.ModifiedSeconds, -62135596800, 253402300799)).AddTicks(status.ModifiedNanoseconds / 100);

    private static long SizeOf(in FileStatus status) => status.Type == FileType.Regular ? (long)status.Size : 0;

    private static LayerItemType TypeOf(in FileStatus status) => status.Type switch
    {
        FileType.Regular => LayerItemType.File,
        FileType.Directory => LayerItemType.Directory,
        FileType.SymbolicLink => LayerItemType.SymbolicLink,
        _ => LayerItemType.Special,
    };
}
