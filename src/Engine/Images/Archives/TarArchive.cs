using LayerImage.Engine.Layers;
using Microsoft.Win32.SafeHandles;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// An archive of images in a tar that lies in a file: its headers are read once, then its files are windows of it. The
/// old "docker save" made links between equal layers; they are followed among the names only.
/// </summary>
internal sealed class TarArchive : IArchiveFiles
{
    private const int MostEntries = 100_000, LongestName = 1024, MostLinks = 8;

    /// <summary>A file's place; or, of a link, the name that it means.</summary>
    private readonly record struct Member(long Offset, long Size, string? Target);

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, Member> _members = new(StringComparer.Ordinal);
    private bool _isPure = true, _hasBlobs, _isRootFileSystem;

    private TarArchive(SafeFileHandle file) => _file = file;

    /// <summary>Opens a tar as an archive of images; null when it is something else, such as a root file system.</summary>
    /// <param name="path">The tar, not compressed.</param>
    /// <param name="archive">What messages call it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="Errors.LayerImageException">ManifestInvalid or LayerInvalid: it is malformed or cut off.</exception>
    public static TarArchive? TryOpen(string path, string archive, CancellationToken cancellationToken)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.RandomAccess);
        TarArchive tar = new(file.SafeFileHandle);
        try
        {
            tar.Index(file, archive, cancellationToken);
            if (ArchiveKinds.IsArchive(tar, tar._isPure, archive))
            {
                return tar;
            }
            // The lists of images come last in many archives: one that was cut off is no root file system for that.
            if (tar._hasBlobs && !tar._isRootFileSystem)
            {
                throw ArchiveErrors.Invalid(archive, $"it holds blobs of images, but neither '{ArchiveNames.DockerManifest}' nor '{ArchiveNames.OciIndex}'");
            }
        }
        catch
        {
            tar.Dispose();
            throw;
        }
        tar.Dispose();
        return null;
    }

    /// <summary>Whether the beginning of a tar can be that of an archive of images: as long as nothing of a root file system came.</summary>
    public static bool MayBegin(byte[] beginning, int length)
    {
        using MemoryStream stream = new(beginning, 0, length);
        try
        {
            TarReader reader = new(stream);
            while (reader.Next() is TarEntry entry)
            {
                if (ArchiveNames.Normalize(entry.Name.ToString()) is string name
                    && (ArchiveNames.IsOfRootFileSystem(name)
                        || entry.Type is LayerNodeType.CharacterDevice or LayerNodeType.BlockDevice or LayerNodeType.Fifo))
                {
                    return false;
                }
            }
        }
        catch (Errors.LayerImageException)
        {
            // The beginning ends somewhere.
        }
        return true;
    }

    public long? Find(string name) => Resolve(name)?.Size;

    public Stream Open(string name) =>
        Resolve(name) is Member member ? new FileWindow(_file, member.Offset, member.Size) : throw new FileNotFoundException(null, name);

    public void Dispose() => _file.Dispose();

    // To its end: what an archive is stands in its last files as often as in its first.
    private void Index(FileStream file, string archive, CancellationToken cancellationToken)
    {
        TarReader reader = new(file);
        while (reader.Next() is TarEntry entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A name that leads out of the archive is nobody's: there is no way to ask for it.
            if (entry.Name.Bytes.Length > LongestName || ArchiveNames.Normalize(entry.Name.ToString()) is not string name)
            {
                continue;
            }
            _isRootFileSystem |= ArchiveNames.IsOfRootFileSystem(name);
            _hasBlobs |= ArchiveNames.IsBlob(name);
            if (!ArchiveNames.FitsArchive(entry.Type, name))
            {
                _isPure = false;
                continue;
            }
            if (_members.Count == MostEntries)
            {
                throw ArchiveErrors.Invalid(archive, $"it has more than {MostEntries} files");
            }
            Add(entry, name, file, archive);
        }
    }

    private void Add(TarEntry entry, string name, FileStream file, string archive)
    {
        Member? member = entry.Type switch
        {
            LayerNodeType.File when entry.Sparse is not null => throw ArchiveErrors.Invalid(archive, $"'{name}' is stored as a sparse file"),
            LayerNodeType.File when entry.Attributes.Size > file.Length - file.Position =>
                throw ArchiveErrors.Invalid(archive, $"it ends in the middle of '{name}'"),
            LayerNodeType.File => new Member(file.Position, entry.Attributes.Size, null),
            LayerNodeType.SymbolicLink => new Member(0, 0, ArchiveNames.Normalize(entry.LinkName.ToString(), ArchiveNames.FolderOf(name)) ?? ""),
            LayerNodeType.HardLink => new Member(0, 0, ArchiveNames.Normalize(entry.LinkName.ToString()) ?? ""),
            _ => null,
        };
        // Readers differ in which of two equal names they take. Of blobs either is checked against its digest, and two of the same bytes are one.
        if (member is Member added && !_members.TryAdd(name, added) && !name.StartsWith("blobs/", StringComparison.Ordinal) && !AreAlike(_members[name], added))
        {
            throw ArchiveErrors.Invalid(archive, $"it has two files of the name '{name}'");
        }
    }

    private bool AreAlike(Member one, Member other)
    {
        if (one.Target is not null || other.Target is not null || one.Size != other.Size)
        {
            return one.Target is not null && one.Target == other.Target;
        }
        byte[] first = new byte[64 << 10], second = new byte[64 << 10];
        for (long done = 0; done < one.Size; done += first.Length)
        {
            int length = (int)Math.Min(first.Length, one.Size - done);
            RandomAccess.Read(_file, first.AsSpan(0, length), one.Offset + done);
            RandomAccess.Read(_file, second.AsSpan(0, length), other.Offset + done);
            if (!first.AsSpan(0, length).SequenceEqual(second.AsSpan(0, length)))
            {
                return false;
            }
        }
        return true;
    }

    private Member? Resolve(string name)
    {
        string? wanted = ArchiveNames.Normalize(name);
        for (int links = 0; links <= MostLinks && wanted is not null && _members.TryGetValue(wanted, out Member member); links++)
        {
            if (member.Target is null)
            {
                return member;
            }
            wanted = member.Target;
        }
        return null;
    }
}
