namespace LayerImage.Engine.Images.Archives;

/// <summary>Writes an archive's files into a folder.</summary>
internal sealed class FolderTarget : IArchiveTarget
{
    private readonly string _path;
    private readonly string _temporary;
    private bool _finished;

    public FolderTarget(string path)
    {
        (_path, _temporary) = (path, ArchivePlace.Temporary(path));
        Directory.CreateDirectory(_temporary);
    }

    public async Task AddAsync(string name, ArchiveItem item, CancellationToken cancellationToken)
    {
        string file = Path.Combine(_temporary, name); // the names are ours
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        FileStream stream = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        await using (stream.ConfigureAwait(false))
        {
            await item.WriteAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Finish()
    {
        string? replaced = null;
        if (Directory.Exists(_path))
        {
            replaced = ArchivePlace.Temporary(_path);
            Directory.Move(_path, replaced);
        }
        Directory.Move(_temporary, _path);
        _finished = true;
        if (replaced is not null)
        {
            Directory.Delete(replaced, recursive: true);
        }
    }

    public void Dispose()
    {
        if (!_finished && Directory.Exists(_temporary))
        {
            Directory.Delete(_temporary, recursive: true);
        }
    }
}
