using System.Formats.Tar;

namespace LayerImage.Engine.Images.Archives;

/// <summary>Writes a folder as a tar with what every system can tell of its files: sorted, as root's, links not followed.</summary>
internal static class PortableTree
{
    private const UnixFileMode DirectoryMode = (UnixFileMode)0b111_101_101, FileMode = (UnixFileMode)0b110_100_100;

    /// <summary>Writes the tar.</summary>
    public static void Write(string folder, Stream destination, CancellationToken cancellationToken)
    {
        using TarWriter tar = new(destination, TarEntryFormat.Pax, leaveOpen: true);
        WriteFolder(tar, new DirectoryInfo(folder), "", cancellationToken);
    }

    private static void WriteFolder(TarWriter tar, DirectoryInfo folder, string prefix, CancellationToken cancellationToken)
    {
        foreach (FileSystemInfo item in folder.EnumerateFileSystemInfos().OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string name = prefix + item.Name;
            if (item.LinkTarget is string target)
            {
                tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target.Replace('\\', '/') }, item, (UnixFileMode)0b111_111_111));
            }
            else if (item is DirectoryInfo child)
            {
                tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.Directory, name + "/"), item, DirectoryMode));
                WriteFolder(tar, child, name + "/", cancellationToken);
            }
            else if (item.Attributes.HasFlag(FileAttributes.Device) || (item.Attributes & FileAttributes.ReparsePoint) != 0)
            {
                continue; // nothing that a layer could hold
            }
            else
            {
                using FileStream data = new(item.FullName, System.IO.FileMode.Open, FileAccess.Read, FileShare.Read);
                tar.WriteEntry(Dress(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data }, item, FileMode));
            }
        }
    }

    private static PaxTarEntry Dress(PaxTarEntry entry, FileSystemInfo item, UnixFileMode mode)
    {
        entry.Mode = OperatingSystem.IsWindows() || entry.EntryType == TarEntryType.SymbolicLink ? mode : item.UnixFileMode;
        entry.ModificationTime = item.LastWriteTimeUtc;
        return entry;
    }
}
