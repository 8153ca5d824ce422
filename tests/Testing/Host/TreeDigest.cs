using System.IO.Enumeration;
using System.Security.Cryptography;

namespace LayerImage.Testing.Host;

/// <summary>All that one file is, apart from its name.</summary>
/// <param name="Type">"file", "directory", "symlink", "character", "block", "fifo" or "socket".</param>
/// <param name="Mode">Permission bits, setuid, setgid and sticky.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Size">Bytes; 0 for a folder, whose size is the file system's affair.</param>
/// <param name="Time">Modification time, to the nanosecond.</param>
/// <param name="Device">"major:minor" of a device.</param>
/// <param name="Link">A symbolic link's target.</param>
/// <param name="XAttrs">"name=hex" of all extended attributes, sorted.</param>
/// <param name="Content">SHA-256 of a regular file.</param>
/// <param name="SameAs">The first name, in order, of a file that has several within the tree.</param>
public sealed record TreeEntry(
    string Type, string Mode, uint Uid, uint Gid, ulong Size, string Time, string Device, string Link, string XAttrs, string Content, string SameAs);

/// <summary>Every attribute of every file beneath a folder, to compare trees made by different programs.</summary>
public sealed class TreeDigest
{
    private readonly SortedDictionary<string, TreeEntry> _entries;

    private TreeDigest(SortedDictionary<string, TreeEntry> entries) => _entries = entries;

    /// <summary>The entries by path relative to the folder, which itself is ".".</summary>
    public IReadOnlyDictionary<string, TreeEntry> Entries => _entries;

    /// <summary>Reads a tree. It must not change meanwhile.</summary>
    public static TreeDigest Of(string folder)
    {
        SortedDictionary<string, TreeEntry> entries = new(StringComparer.Ordinal);
        Dictionary<(ulong, ulong), string> firstNames = [];
        // A link to a folder is a link: what is in the folder is found there.
        FileSystemEnumerable<string> paths = new(folder, (ref FileSystemEntry entry) => entry.ToFullPath(), new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        })
        {
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };
        foreach (string path in paths.Order(StringComparer.Ordinal).Prepend(folder))
        {
            string name = path == folder ? "." : Path.GetRelativePath(folder, path);
            entries[name] = Read(path, name, firstNames);
        }
        return new TreeDigest(entries);
    }

    /// <summary>The differences to another tree, one line each: "+ path", "- path", "path: Mode 755 -> 700".</summary>
    /// <param name="other">The tree that should be equal.</param>
    /// <param name="ignore">Names of <see cref="TreeEntry"/> members to leave out.</param>
    public IReadOnlyList<string> DifferencesTo(TreeDigest other, params string[] ignore)
    {
        List<string> lines = [];
        foreach (string path in _entries.Keys.Union(other._entries.Keys).Order(StringComparer.Ordinal))
        {
            if (!other._entries.TryGetValue(path, out TreeEntry? theirs))
            {
                lines.Add($"- {path}");
            }
            else if (!_entries.TryGetValue(path, out TreeEntry? ours))
            {
                lines.Add($"+ {path}");
            }
            else if (ours != theirs)
            {
                lines.AddRange(Differences(path, ours, theirs, ignore));
            }
        }
        return lines;
    }

    private static IEnumerable<string> Differences(string path, TreeEntry ours, TreeEntry theirs, string[] ignore) =>
        from property in typeof(TreeEntry).GetProperties()
        where property.Name != "EqualityContract" && !ignore.Contains(property.Name)
        let before = property.GetValue(ours)
        let after = property.GetValue(theirs)
        where !Equals(before, after)
        select $"{path}: {property.Name} {before} -> {after}";

    private static TreeEntry Read(string path, string name, Dictionary<(ulong, ulong), string> firstNames)
    {
        LinuxTree.Stat stat = LinuxTree.LStat(path);
        string type = TypeOf(stat.Mode);
        string sameAs = "";
        if (type != "directory" && stat.Links > 1 && !firstNames.TryAdd((stat.Device, stat.Inode), name))
        {
            sameAs = firstNames[(stat.Device, stat.Inode)];
        }
        return new TreeEntry(
            type,
            Convert.ToString(stat.Mode & 0xfff, 8),
            stat.Uid,
            stat.Gid,
            type == "directory" ? 0 : stat.Size,
            $"{stat.Seconds}.{stat.Nanoseconds:D9}",
            type is "character" or "block" ? stat.DeviceNumber : "",
            type == "symlink" ? new FileInfo(path).LinkTarget ?? "" : "",
            string.Join(' ', LinuxTree.XAttrs(path).Select(pair => $"{pair.Key}={pair.Value}")),
            type == "file" ? HashOf(path) : "",
            sameAs);
    }

    private static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    // S_IFMT in linux/stat.h.
    private static string TypeOf(uint mode) => (mode & 0xf000) switch
    {
        0x8000 => "file",
        0x4000 => "directory",
        0xa000 => "symlink",
        0x2000 => "character",
        0x6000 => "block",
        0x1000 => "fifo",
        _ => "socket",
    };
}
