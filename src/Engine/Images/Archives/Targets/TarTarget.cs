using LayerImage.Engine.Layers;

namespace LayerImage.Engine.Images.Archives;

/// <summary>
/// Writes an archive's files as a tar that is always the same: root's, of the year 1970. A size that is known only after
/// the file is written is put into its header then.
/// </summary>
internal sealed class TarTarget : IArchiveTarget
{
    private const int FilePermissions = 0x1A4, DirectoryPermissions = 0x1ED;
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _file;
    private readonly TarWriter _tar;
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private bool _finished;

    public TarTarget(string path)
    {
        (_path, _temporary) = (path, ArchivePlace.Temporary(path));
        _file = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 0);
        _tar = new TarWriter(_file);
    }

    public async Task AddAsync(string name, ArchiveItem item, CancellationToken cancellationToken)
    {
        AddFolders(name);
        _tar.WriteHeader(new TarEntry { Type = LayerNodeType.File, Name = name, Attributes = new() { Permissions = FilePermissions, Size = item.Size ?? 0 } });
        long start = _file.Position;
        await item.WriteAsync(_file, cancellationToken).ConfigureAwait(false);
        long end = _file.Position, size = end - start;
        if (item.Size is null)
        {
            SetSize(start - TarHeader.BlockSize, size);
            _file.Position = end;
        }
        else if (item.Size != size)
        {
            throw new InvalidOperationException($"'{name}' was to have {item.Size} bytes and has {size}.");
        }
        _tar.WritePadding(size);
    }

    public void Finish()
    {
        _tar.WriteEnd();
        _file.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        _finished = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        if (!_finished)
        {
            File.Delete(_temporary);
        }
    }

    private void AddFolders(string name)
    {
        for (int slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1))
        {
            if (_folders.Add(name[..slash]))
            {
                _tar.WriteHeader(new TarEntry
                {
                    Type = LayerNodeType.Directory,
                    Name = name[..(slash + 1)],
                    Attributes = new() { Permissions = DirectoryPermissions },
                });
            }
        }
    }

    private void SetSize(long position, long size)
    {
        Span<byte> block = stackalloc byte[TarHeader.BlockSize];
        _file.Position = position;
        _file.ReadExactly(block);
        TarHeader.SetSize(block, size);
        _file.Position = position;
        _file.Write(block);
    }
}
