using System.Formats.Tar;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Writes a folder as a tar with what every system can tell of its files: sorted, as root's, links not followed.</summary>
internal static class PortableTree
{
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101, FileMode = (UnixFileMode)0b110_100_100;

    /// <summary>Writes the tar of a folder.</summary>
    public static void Write(string folder, Stream destination, CancellationToken cancellationToken)
    {
        using TarWriter tar = new(destination, TarEntryFormat.Pax, leaveOpen: true);
        // Not by recursion: folders nest deeper than any stack.
        Stack<(Queue<FileSystemInfo> Items, string Prefix)> levels = new([(Sorted(new DirectoryInfo(folder)), "")]);
        while (levels.TryPeek(out (Queue<FileSystemInfo> Items, string Prefix) level))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!level.Items.TryDequeue(out FileSystemInfo? item))
            {
                levels.Pop();
                continue;
            }
            string name = level.Prefix + item.Name;
            WriteItem(tar, item, name);
            if (item is DirectoryInfo { LinkTarget: null } child)
            {
                levels.Push((Sorted(child), name + "/"));
            }
        }
    }

    private static Queue<FileSystemInfo> Sorted(DirectoryInfo folder) =>
        new(folder.EnumerateFileSystemInfos().OrderBy(item => item.Name, StringComparer.Ordinal));

    private static void WriteItem(TarWriter tar, FileSystemInfo item, string name)
    {
        if (item.LinkTarget is string target)
        {
            tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target.Replace('\\', '/') }, item, (UnixFileMode)0b111_111_111));
        }
        else if (item is DirectoryInfo)
        {
            tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.Directory, name + "/"), item, DirectoryMode));
        }
        else if (!item.Attributes.HasFlag(FileAttributes.Device) && (item.Attributes & FileAttributes.ReparsePoint) == 0)
        {
            using FileStream data = new(item.FullName, System.IO.FileMode.Open, FileAccess.Read, FileShare.Read);
            tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data }, item, FileMode));
        }
        // Else it is nothing that a layer could hold.
    }

    private static PaxTarEntry Dress(PaxTarEntry entry, FileSystemInfo item, UnixFileMode mode)
    {
        entry.Mode = OperatingSystem.IsWindows() || entry.EntryType == TarEntryType.SymbolicLink ? mode : item.UnixFileMode;
        entry.ModificationTime = item.LastWriteTimeUtc;
        return entry;
    }
}
